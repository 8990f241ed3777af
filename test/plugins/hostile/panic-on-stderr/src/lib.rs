//! Goes back to Rust's own panic hook and panics: it traps, and the error quotes stderr.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct PanicOnStderr;

impl Hostile for PanicOnStderr {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let _ = std::panic::take_hook();
        panic!("heard on stderr")
    }
}

hostile::export!(PanicOnStderr);
