//! Sleeps for ever before it is there: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, never};

struct SleepInConstructor;

impl Default for SleepInConstructor {
    fn default() -> Self {
        never().block();
        Self
    }
}

impl Hostile for SleepInConstructor {}

hostile::export!(SleepInConstructor);
