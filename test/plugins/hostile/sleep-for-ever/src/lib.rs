//! Sleeps u64::MAX nanoseconds: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never, say};

#[derive(Default)]
struct SleepForEver;

impl Hostile for SleepForEver {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        never().block();
        say("woke")
    }
}

hostile::export!(SleepForEver);
