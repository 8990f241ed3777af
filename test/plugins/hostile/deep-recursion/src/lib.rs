//! Recurses without end: it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::hint::black_box;

#[derive(Default)]
struct DeepRecursion;

/// Not a loop in disguise: the sum is made on the way back.
#[inline(never)]
fn down(depth: u64) -> u64 {
    if depth == u64::MAX {
        return 0;
    }
    down(black_box(depth + 1)).rotate_left(3) ^ depth
}

impl Hostile for DeepRecursion {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        say(down(0).to_string())
    }
}

hostile::export!(DeepRecursion);
