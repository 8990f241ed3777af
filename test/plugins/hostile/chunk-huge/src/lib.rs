//! Streams a chunk of 16 MiB: the stream ends at the cap.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct ChunkHuge;

impl Hostile for ChunkHuge {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(vec![7; 16 << 20]))
    }
}

hostile::export!(ChunkHuge);
