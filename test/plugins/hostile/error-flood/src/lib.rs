//! Fails with a message of 8 MiB and ten thousand causes: the submitter gets a bounded error.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct ErrorFlood;

impl Hostile for ErrorFlood {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Err(Failure {
            message: "m".repeat(8 << 20),
            causes: vec!["because".to_owned(); 10_000],
        })
    }
}

hostile::export!(ErrorFlood);
