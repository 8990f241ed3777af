//! Allocates a gigabyte at once: the job ends at the cap.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};

#[derive(Default)]
struct MemoryBomb;

impl Hostile for MemoryBomb {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let bomb = vec![7u8; 1 << 30];
        say(std::hint::black_box(bomb).len().to_string())
    }
}

hostile::export!(MemoryBomb);
