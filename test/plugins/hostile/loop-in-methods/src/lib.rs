//! Computes for ever when it is asked its methods: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, spin};

#[derive(Default)]
struct LoopInMethods;

impl Hostile for LoopInMethods {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        spin()
    }
}

hostile::export!(LoopInMethods);
