//! Panics in a destructor: the job ends with the panic's message.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

struct Brittle;

impl Drop for Brittle {
    fn drop(&mut self) {
        panic!("no drop")
    }
}

#[derive(Default)]
struct PanicInDrop;

impl Hostile for PanicInDrop {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        drop(Brittle);
        Ok(args)
    }
}

hostile::export!(PanicInDrop);
