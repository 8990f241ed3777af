//! Polls an empty list, which WASI says traps: it traps.
#![cfg(target_family = "wasm")]

use hostile::wasi::io::poll::poll;
use hostile::{Failure, Hostile, say};

#[derive(Default)]
struct PollNothing;

impl Hostile for PollNothing {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        poll(&[]);
        say("polled nothing")
    }
}

hostile::export!(PollNothing);
