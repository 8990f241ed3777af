//! Computes for ever where the host has it allocate the arguments of a call (arguments of 54321 bytes): there the
//! instance cannot be suspended, and is ended.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, spin};
use std::alloc::{GlobalAlloc, Layout, System};

/// Arguments of this size fall through.
const SIZE: usize = 54_321;

struct Trapdoor;

// SAFETY: what comes back is the system allocator's.
unsafe impl GlobalAlloc for Trapdoor {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() == SIZE {
            spin()
        }
        // SAFETY: the caller keeps the promises that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Trapdoor = Trapdoor;

#[derive(Default)]
struct LoopInRealloc;

impl Hostile for LoopInRealloc {}

hostile::export!(LoopInRealloc);
