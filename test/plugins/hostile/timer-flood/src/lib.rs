//! Sets timers that never go off, and drops each before the next: none may be left in the host.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never};

#[derive(Default)]
struct TimerFlood;

impl Hostile for TimerFlood {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        loop {
            drop(never());
        }
    }
}

hostile::export!(TimerFlood);
