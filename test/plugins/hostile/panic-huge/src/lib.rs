//! Panics with a message of 10 MiB: the submitter gets a bounded error.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct PanicHuge;

impl Hostile for PanicHuge {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        panic!("{}", "m".repeat(10 << 20))
    }
}

hostile::export!(PanicHuge);
