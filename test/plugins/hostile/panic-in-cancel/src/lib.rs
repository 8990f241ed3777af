//! Streams for ever and panics in cancel(): who goes away never learns of it.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};

#[derive(Default)]
struct PanicInCancel;

impl Hostile for PanicInCancel {
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(b"chunk".to_vec()))
    }

    fn cancel(&mut self) -> bool {
        panic!("no cancel")
    }
}

hostile::export!(PanicInCancel);
