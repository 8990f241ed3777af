//! Replaces the panic hook by one that says nothing, and panics: it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct PanicWithoutReport;

impl Hostile for PanicWithoutReport {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        std::panic::set_hook(Box::new(|_| ()));
        panic!("nobody hears this")
    }
}

hostile::export!(PanicWithoutReport);
