//! Takes resource handles and never lets go: the job ends at the cap.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never};

#[derive(Default)]
struct HandleFlood;

impl Hostile for HandleFlood {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            std::mem::forget(never());
        }
    }
}

hostile::export!(HandleFlood);
