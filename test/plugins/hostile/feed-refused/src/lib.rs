//! Takes a feed, and refuses it when a job has one: the job is refused.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct FeedRefused;

impl Hostile for FeedRefused {
    fn supports_feed(&mut self) -> bool {
        true
    }

    fn open_feed(&mut self) -> bool {
        false
    }
}

hostile::export!(FeedRefused);
