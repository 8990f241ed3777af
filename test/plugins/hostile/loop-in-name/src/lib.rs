//! Computes for ever when it is asked its name: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, spin};

#[derive(Default)]
struct LoopInName;

impl Hostile for LoopInName {
    fn name(&mut self) -> String {
        spin()
    }
}

hostile::export!(LoopInName);
