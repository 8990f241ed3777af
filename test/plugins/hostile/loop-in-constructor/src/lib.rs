//! Computes for ever before it is there: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, spin};

struct LoopInConstructor;

impl Default for LoopInConstructor {
    fn default() -> Self {
        spin()
    }
}

impl Hostile for LoopInConstructor {}

hostile::export!(LoopInConstructor);
