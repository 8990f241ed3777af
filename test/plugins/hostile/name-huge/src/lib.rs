//! Has a name of a megabyte: it is refused.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct NameHuge;

impl Hostile for NameHuge {
    fn name(&mut self) -> String {
        "n".repeat(1 << 20)
    }
}

hostile::export!(NameHuge);
