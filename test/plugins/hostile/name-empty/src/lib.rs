//! Has no name: it is refused.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct NameEmpty;

impl Hostile for NameEmpty {
    fn name(&mut self) -> String {
        String::new()
    }
}

hostile::export!(NameEmpty);
