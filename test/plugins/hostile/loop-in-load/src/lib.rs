//! Computes for ever in load(): the job that needed the instance ends, nothing else.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};

#[derive(Default)]
struct LoopInLoad;

impl Hostile for LoopInLoad {
    fn load(&mut self, _settings: Vec<u8>) -> Result<(), Failure> {
        spin()
    }
}

hostile::export!(LoopInLoad);
