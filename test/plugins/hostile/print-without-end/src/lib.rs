//! Prints a line without an end: it is cut, and takes no memory at the host.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};
use std::io::Write;

#[derive(Default)]
struct PrintWithoutEnd;

impl Hostile for PrintWithoutEnd {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let text = "x".repeat(4096);
        loop {
            print!("{text}");
            let _ = std::io::stdout().flush();
        }
    }
}

hostile::export!(PrintWithoutEnd);
