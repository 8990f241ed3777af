//! Computes for ever in is_canceled(), and streams for ever: a cancel ends it all the same.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};

#[derive(Default)]
struct LoopInIsCanceled;

impl Hostile for LoopInIsCanceled {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(b"chunk".to_vec()))
    }

    fn is_canceled(&mut self) -> bool {
        spin()
    }
}

hostile::export!(LoopInIsCanceled);
