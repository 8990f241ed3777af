//! Reads its feed for ever, long after its end: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, feed};

#[derive(Default)]
struct FeedReadForEver;

impl Hostile for FeedReadForEver {
    fn supports_feed(&mut self) -> bool {
        true
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            std::hint::black_box(feed::take(u32::MAX));
        }
    }
}

hostile::export!(FeedReadForEver);
