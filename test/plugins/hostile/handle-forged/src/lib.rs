//! Waits on a handle that it was never given: it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, number, say};

#[link(wasm_import_module = "wasi:io/poll@0.2.4")]
unsafe extern "C" {
    #[link_name = "[method]pollable.block"]
    fn block(handle: u32);
}

#[derive(Default)]
struct HandleForged;

impl Hostile for HandleForged {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        // SAFETY: a number; what it means is the host's to judge.
        unsafe { block(number(&args) as u32) }
        say("waited")
    }
}

hostile::export!(HandleForged);
