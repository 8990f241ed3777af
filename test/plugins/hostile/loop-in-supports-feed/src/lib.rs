//! Computes for ever when it is asked about a method: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, spin};

#[derive(Default)]
struct LoopInSupportsFeed;

impl Hostile for LoopInSupportsFeed {
    fn supports_feed(&mut self) -> bool {
        spin()
    }
}

hostile::export!(LoopInSupportsFeed);
