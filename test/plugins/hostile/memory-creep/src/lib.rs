//! Allocates 64 KiB at a time and keeps them: the job ends at the cap.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct MemoryCreep;

impl Hostile for MemoryCreep {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let mut hoard = Vec::new();
        loop {
            hoard.push(std::hint::black_box(vec![7u8; 65_536]));
        }
    }
}

hostile::export!(MemoryCreep);
