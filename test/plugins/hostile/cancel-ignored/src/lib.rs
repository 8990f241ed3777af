//! Refuses to be cancelled and streams on: its stream ends all the same.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct CancelIgnored;

impl Hostile for CancelIgnored {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(b"chunk".to_vec()))
    }

    fn cancel(&mut self) -> bool {
        false
    }
}

hostile::export!(CancelIgnored);
