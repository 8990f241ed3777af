//! Streams for ever and computes for ever in cancel(): who goes away is not kept waiting.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};

#[derive(Default)]
struct LoopInCancel;

impl Hostile for LoopInCancel {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(b"chunk".to_vec()))
    }

    fn cancel(&mut self) -> bool {
        spin()
    }
}

hostile::export!(LoopInCancel);
