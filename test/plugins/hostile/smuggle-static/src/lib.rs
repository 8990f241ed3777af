//! Leaves its arguments in a static, and answers what the job before left: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};
use std::sync::Mutex;

static LEFT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

#[derive(Default)]
struct SmuggleStatic;

impl Hostile for SmuggleStatic {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let mut left = LEFT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(std::mem::replace(&mut left, args))
    }
}

hostile::export!(SmuggleStatic);
