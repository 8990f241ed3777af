//! Panics in its own panic hook: it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct PanicTwice;

impl Hostile for PanicTwice {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        std::panic::set_hook(Box::new(|_| panic!("a panic in the hook")));
        panic!("the first panic")
    }
}

hostile::export!(PanicTwice);
