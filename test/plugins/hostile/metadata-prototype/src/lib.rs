//! Answers metadata under the names of JavaScript's prototypes: they are names like any other.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, Metadata};

#[derive(Default)]
struct MetadataPrototype;

impl Hostile for MetadataPrototype {
    fn metadata(&mut self) -> Metadata {
        ["__proto__", "constructor", "toString", "hasOwnProperty"]
            .map(|key| (key.to_owned(), "polluted".to_owned()))
            .into()
    }
}

hostile::export!(MetadataPrototype);
