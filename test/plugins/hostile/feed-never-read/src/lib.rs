//! Takes a feed and never reads it: who feeds waits, and the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never};

#[derive(Default)]
struct FeedNeverRead;

impl Hostile for FeedNeverRead {
    fn supports_feed(&mut self) -> bool {
        true
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        never().block();
        Ok(None)
    }
}

hostile::export!(FeedNeverRead);
