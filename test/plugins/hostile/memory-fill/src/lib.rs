//! Takes all the memory it can get and fills it, again and again: the job ends at its deadline.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};
use std::arch::wasm32::{memory_grow, memory_size};

#[derive(Default)]
struct MemoryFill;

/// Pages taken until there were no more.
fn take_all() -> usize {
    for pages in [1024, 64, 1] {
        while memory_grow::<0>(pages) != usize::MAX {}
    }
    memory_size::<0>()
}

impl Hostile for MemoryFill {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let begin = memory_size::<0>() << 16;
        let end = take_all() << 16;
        for byte in (0..=u8::MAX).cycle() {
            // SAFETY: the pages between are ours, and hold nothing yet.
            unsafe { std::ptr::write_bytes(begin as *mut u8, byte, end - begin) }
            std::hint::black_box(begin as *mut u8);
        }
        Ok(Vec::new())
    }
}

hostile::export!(MemoryFill);
