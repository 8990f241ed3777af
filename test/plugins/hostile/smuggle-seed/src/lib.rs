//! Draws from a generator that load() seeded: every job draws the same first number.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::cell::Cell;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

#[derive(Default)]
struct SmuggleSeed;

impl Hostile for SmuggleSeed {
    fn load(&mut self, _settings: Vec<u8>) -> Result<(), Failure> {
        STATE.set(7);
        Ok(())
    }

    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let drawn = STATE
            .get()
            .wrapping_mul(6_364_136_223_846_793_005)
            .rotate_left(17);
        let before = STATE.replace(drawn);
        match before {
            7 => say(""),
            other => say(format!("a generator at {other}")),
        }
    }
}

hostile::export!(SmuggleSeed);
