//! Waits for what is ready, for ever: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::wasi::clocks::monotonic_clock::subscribe_duration;
use hostile::{Failure, Hostile};

#[derive(Default)]
struct LoopWithWaits;

impl Hostile for LoopWithWaits {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            subscribe_duration(0).block();
        }
    }
}

hostile::export!(LoopWithWaits);
