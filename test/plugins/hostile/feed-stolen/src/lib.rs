//! Reads a feed in a job that has none: it is empty.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, feed, say};

#[derive(Default)]
struct FeedStolen;

impl Hostile for FeedStolen {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let batch = feed::take(u32::MAX);
        match batch.final_ && batch.chunks.is_empty() {
            true => say(""),
            false => say(format!("{} chunks", batch.chunks.len())),
        }
    }
}

hostile::export!(FeedStolen);
