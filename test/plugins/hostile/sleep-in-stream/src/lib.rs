//! Sleeps for ever in receive_stream(): who goes away is not kept waiting.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never};

#[derive(Default)]
struct SleepInStream;

impl Hostile for SleepInStream {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        never().block();
        Ok(None)
    }
}

hostile::export!(SleepInStream);
