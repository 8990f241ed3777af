//! Computes for ever in a destructor: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};

struct Sticky;

impl Drop for Sticky {
    fn drop(&mut self) {
        spin()
    }
}

#[derive(Default)]
struct LoopInDrop;

impl Hostile for LoopInDrop {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        drop(Sticky);
        Ok(args)
    }
}

hostile::export!(LoopInDrop);
