//! Has a method with a newline in its name, to forge lines of the log: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, plain};

#[derive(Default)]
struct MethodControl;

impl Hostile for MethodControl {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        vec![("run\nINFO all is well".to_owned(), plain())]
    }
}

hostile::export!(MethodControl);
