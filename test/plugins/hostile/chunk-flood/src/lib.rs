//! Streams for ever, 1 KiB at a time: who reads it stops when they like.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct ChunkFlood;

impl Hostile for ChunkFlood {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(vec![7; 1024]))
    }
}

hostile::export!(ChunkFlood);
