//! Drops a handle twice: it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never, say};

#[link(wasm_import_module = "wasi:io/poll@0.2.4")]
unsafe extern "C" {
    #[link_name = "[resource-drop]pollable"]
    fn release(handle: u32);
}

#[derive(Default)]
struct HandleTwice;

impl Hostile for HandleTwice {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let handle = never().take_handle();
        for _ in 0..2 {
            // SAFETY: a number; what it means is the host's to judge.
            unsafe { release(handle) }
        }
        say("dropped twice")
    }
}

hostile::export!(HandleTwice);
