//! Keeps as many handles after each job as its arguments say: they do not outlive the job.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never, number};
use std::iter::repeat_with;

#[derive(Default)]
struct HandleKeep;

impl Hostile for HandleKeep {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        repeat_with(never)
            .take(number(&args))
            .for_each(std::mem::forget);
        Ok(args)
    }
}

hostile::export!(HandleKeep);
