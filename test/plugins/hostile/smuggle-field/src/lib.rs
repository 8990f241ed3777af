//! Leaves its arguments in its own object, and answers what the job before left: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct SmuggleField {
    left: Vec<u8>,
}

impl Hostile for SmuggleField {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(std::mem::replace(&mut self.left, args))
    }
}

hostile::export!(SmuggleField);
