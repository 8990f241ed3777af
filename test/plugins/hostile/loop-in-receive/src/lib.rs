//! Computes for ever after two chunks: they arrive, and the stream ends.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};

#[derive(Default)]
struct LoopInReceive {
    chunks: u32,
}

impl Hostile for LoopInReceive {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.chunks += 1;
        if self.chunks > 2 {
            spin()
        }
        Ok(Some(b"chunk".to_vec()))
    }
}

hostile::export!(LoopInReceive);
