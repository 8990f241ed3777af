//! Answers half a million metadata keys of no bytes at all: the job ends at the cap, or they count once.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, Metadata};

#[derive(Default)]
struct MetadataEmptyKeys;

impl Hostile for MetadataEmptyKeys {
    fn metadata(&mut self) -> Metadata {
        vec![Default::default(); 500_000]
    }
}

hostile::export!(MetadataEmptyKeys);
