//! Computes for ever while it is instantiated, before any function is called: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, spin};

#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;

extern "C" fn at_start() {
    spin()
}

#[derive(Default)]
struct LoopAtStart;

impl Hostile for LoopAtStart {}

hostile::export!(LoopAtStart);
