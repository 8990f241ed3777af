//! Calls the host for ever: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, job};

#[derive(Default)]
struct LoopWithHostCalls;

impl Hostile for LoopWithHostCalls {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            std::hint::black_box(job::current());
        }
    }
}

hostile::export!(LoopWithHostCalls);
