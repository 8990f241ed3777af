//! Recurses without end through a table of functions: it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::hint::black_box;

#[derive(Default)]
struct TableRecursion;

static TABLE: [fn(u64) -> u64; 2] = [even, odd];

fn even(depth: u64) -> u64 {
    TABLE[black_box(1)](depth + 1) ^ depth
}

fn odd(depth: u64) -> u64 {
    TABLE[black_box(0)](depth + 1).rotate_left(1)
}

impl Hostile for TableRecursion {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        say(even(0).to_string())
    }
}

hostile::export!(TableRecursion);
