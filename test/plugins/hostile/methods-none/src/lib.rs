//! Has no method: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema};

#[derive(Default)]
struct MethodsNone;

impl Hostile for MethodsNone {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        Vec::new()
    }
}

hostile::export!(MethodsNone);
