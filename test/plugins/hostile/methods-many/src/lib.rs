//! Has ten thousand methods: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, plain};

#[derive(Default)]
struct MethodsMany;

impl Hostile for MethodsMany {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        (0..10_000)
            .map(|number| (format!("method{number}"), plain()))
            .collect()
    }
}

hostile::export!(MethodsMany);
