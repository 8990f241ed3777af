//! Leaves a line on stdout without its end: the next job's line does not begin with it.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::io::Write;

#[derive(Default)]
struct SmuggleStdout;

impl Hostile for SmuggleStdout {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        if args == b"end" {
            println!("end");
            return say("");
        }
        print!("{}", String::from_utf8_lossy(&args));
        let _ = std::io::stdout().flush();
        say("")
    }
}

hostile::export!(SmuggleStdout);
