//! Keeps a handle, and tries in the next job whether its number still means something: it does not.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never, number, say};

#[link(wasm_import_module = "wasi:io/poll@0.2.4")]
unsafe extern "C" {
    #[link_name = "[method]pollable.ready"]
    fn ready(handle: u32) -> u32;
}

#[derive(Default)]
struct SmuggleHandle;

impl Hostile for SmuggleHandle {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        if args == b"leave" {
            // The job before is to have one more, so that its last is not this one's.
            std::mem::forget(never());
            let handle = never().take_handle();
            return say(handle.to_string());
        }
        // SAFETY: a number; what it means is the host's to judge.
        let answer = unsafe { ready(number(&args) as u32) };
        say(format!("ready: {answer}"))
    }
}

hostile::export!(SmuggleHandle);
