//! Panics when it is to open its feed: the stream ends with the panic's message.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct PanicInFeedSetup;

impl Hostile for PanicInFeedSetup {
    fn supports_feed(&mut self) -> bool {
        true
    }

    fn open_feed(&mut self) -> bool {
        panic!("no feed")
    }
}

hostile::export!(PanicInFeedSetup);
