//! Prints lines for ever: the job ends at its deadline, and what passes the log's cap is dropped.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct PrintFlood;

impl Hostile for PrintFlood {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            println!("{}", "line ".repeat(200));
        }
    }
}

hostile::export!(PrintFlood);
