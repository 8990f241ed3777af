//! Panics when it is asked its name: it is refused.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct PanicInName;

impl Hostile for PanicInName {
    fn name(&mut self) -> String {
        panic!("no name")
    }
}

hostile::export!(PanicInName);
