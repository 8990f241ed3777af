//! Computes for ever in begin_stream(): the stream ends without a chunk.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};

#[derive(Default)]
struct LoopInBegin;

impl Hostile for LoopInBegin {
    fn begin_stream(&mut self, _args: Vec<u8>) -> Result<(), Failure> {
        spin()
    }
}

hostile::export!(LoopInBegin);
