//! Grows its memory and leaves its arguments up there, and answers whether memory had grown before: it had not.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::arch::wasm32::{memory_grow, memory_size};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Pages after `load`.
static PAGES: AtomicUsize = AtomicUsize::new(0);

#[derive(Default)]
struct SmuggleGrownMemory;

impl Hostile for SmuggleGrownMemory {
    fn load(&mut self, _settings: Vec<u8>) -> Result<(), Failure> {
        PAGES.store(memory_size::<0>(), Ordering::Relaxed);
        Ok(())
    }

    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let grown = memory_size::<0>() - PAGES.load(Ordering::Relaxed);
        let page = memory_grow::<0>(1);
        // SAFETY: the page is new, and nobody's.
        unsafe { std::ptr::copy(args.as_ptr(), (page << 16) as *mut u8, args.len()) }
        match grown {
            0 => say(""),
            pages => say(format!("{pages} pages more")),
        }
    }
}

hostile::export!(SmuggleGrownMemory);
