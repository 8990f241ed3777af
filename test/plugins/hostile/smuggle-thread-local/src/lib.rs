//! Leaves its arguments in a thread-local, and answers what the job before left: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};
use std::cell::RefCell;

thread_local! {
    static LEFT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct SmuggleThreadLocal;

impl Hostile for SmuggleThreadLocal {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(LEFT.replace(args))
    }
}

hostile::export!(SmuggleThreadLocal);
