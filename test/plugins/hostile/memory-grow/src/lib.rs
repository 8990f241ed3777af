//! Grows its memory by the instruction until that fails, and says what it got: no more than the cap.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::arch::wasm32::{memory_grow, memory_size};

#[derive(Default)]
struct MemoryGrow;

/// Pages taken until there were no more.
fn take_all() -> usize {
    for pages in [1024, 64, 1] {
        while memory_grow::<0>(pages) != usize::MAX {}
    }
    memory_size::<0>()
}

impl Hostile for MemoryGrow {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        say(format!("{} pages", take_all()))
    }
}

hostile::export!(MemoryGrow);
