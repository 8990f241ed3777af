//! Computes for ever where the host has it free a result (of 54321 bytes): there the instance cannot be suspended,
//! and is ended.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, spin};
use std::alloc::{GlobalAlloc, Layout, System};

/// A result of this size falls through.
const SIZE: usize = 54_321;

struct Trapdoor;

// SAFETY: what comes back is the system allocator's.
unsafe impl GlobalAlloc for Trapdoor {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if layout.size() == SIZE {
            spin()
        }
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Trapdoor = Trapdoor;

#[derive(Default)]
struct LoopInPostReturn;

impl Hostile for LoopInPostReturn {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(Vec::from_iter(std::iter::repeat_n(7, SIZE)))
    }
}

hostile::export!(LoopInPostReturn);
