//! Asks for ever whether it was cancelled, and does not care: it is ended.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, job};

#[derive(Default)]
struct LoopAskingCancel;

impl Hostile for LoopAskingCancel {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            std::hint::black_box(job::cancel_asked());
        }
    }
}

hostile::export!(LoopAskingCancel);
