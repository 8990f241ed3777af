//! Asks for a gigabyte of random bytes in one call: the job ends at the cap.
#![cfg(target_family = "wasm")]

use hostile::wasi::random::random::get_random_bytes;
use hostile::{Failure, Hostile};

#[derive(Default)]
struct RandomFlood;

impl Hostile for RandomFlood {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(get_random_bytes(1 << 30))
    }
}

hostile::export!(RandomFlood);
