//! Closes handles in an order of its own, and looks in the next job in which order their numbers come back: as in a
//! new instance.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never, say};

#[derive(Default)]
struct SmuggleHandleOrder;

impl Hostile for SmuggleHandleOrder {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let handles = [never(), never(), never()];
        let numbers: Vec<_> = handles.iter().map(|handle| handle.handle()).collect();
        // The last one that is closed is the first one to come back.
        drop(handles);
        match numbers.is_sorted() {
            true => say(""),
            false => say(format!("order: {numbers:?}")),
        }
    }
}

hostile::export!(SmuggleHandleOrder);
