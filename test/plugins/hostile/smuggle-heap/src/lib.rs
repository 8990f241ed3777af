//! Looks through all of its memory for `secret:` that no code of it spells; its arguments do: only its own are
//! there.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::arch::wasm32::memory_size;

#[derive(Default)]
struct SmuggleHeap;

/// `secret:`, spelt so that no memory holds it for this.
fn begins_secret(window: &[u8]) -> bool {
    window
        .iter()
        .zip(b"tfdsfu;")
        .all(|(found, spelt)| *found == std::hint::black_box(*spelt) - 1)
}

/// What begins like a secret and is not the job's own.
fn others(own: &[u8]) -> Option<String> {
    let end = memory_size::<0>() << 16;
    // SAFETY: all of memory but its first bytes, read while nothing else runs.
    let memory = unsafe { std::slice::from_raw_parts(1024 as *const u8, end - 1024) };
    memory
        .windows(own.len())
        .find(|window| begins_secret(window) && *window != own)
        .map(|window| String::from_utf8_lossy(window).into_owned())
}

impl Hostile for SmuggleHeap {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let found = others(&args);
        std::mem::forget(vec![args; 100]);
        say(found.unwrap_or_default())
    }
}

hostile::export!(SmuggleHeap);
