//! Ends its stream without reading its feed: the stream ends well, and who feeds is told.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct FeedLeft;

impl Hostile for FeedLeft {
    fn supports_feed(&mut self) -> bool {
        true
    }
}

hostile::export!(FeedLeft);
