//! Asks for a megabyte of random bytes, for ever: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::wasi::random::random::get_random_bytes;
use hostile::{Failure, Hostile};

#[derive(Default)]
struct RandomForEver;

impl Hostile for RandomForEver {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            std::hint::black_box(get_random_bytes(1 << 20));
        }
    }
}

hostile::export!(RandomForEver);
