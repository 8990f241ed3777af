//! Looks for a clock that times a side channel: steps of less than a millisecond. There is none.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::time::{Duration, Instant};

#[derive(Default)]
struct TimeFinely;

impl Hostile for TimeFinely {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let mut finest = Duration::MAX;
        let mut before = Instant::now();
        for _ in 0..20 {
            let next = loop {
                let now = Instant::now();
                if now != before {
                    break now;
                }
            };
            finest = finest.min(next - before);
            before = next;
        }
        match finest < Duration::from_millis(1) {
            true => say(format!("a step of {finest:?}")),
            false => say(""),
        }
    }
}

hostile::export!(TimeFinely);
