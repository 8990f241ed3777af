//! Answers as many metadata keys as its arguments say, or one of 16 MiB for `0`: the job ends at the cap.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, Metadata, number};

#[derive(Default)]
struct MetadataFlood {
    keys: usize,
}

impl Hostile for MetadataFlood {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.keys = number(&args);
        Ok(Vec::new())
    }

    fn metadata(&mut self) -> Metadata {
        if self.keys == 0 {
            return vec![("k".repeat(16 << 20), String::new())];
        }
        let key = |number: usize| (number.to_string(), String::new());
        (0..self.keys).map(key).collect()
    }
}

hostile::export!(MetadataFlood);
