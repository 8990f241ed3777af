//! Has two methods of one name: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, plain};

#[derive(Default)]
struct MethodsTwice;

impl Hostile for MethodsTwice {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        vec![("run".to_owned(), plain()), ("run".to_owned(), plain())]
    }
}

hostile::export!(MethodsTwice);
