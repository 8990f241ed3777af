//! Has a name with a NUL, a newline and an escape sequence, to forge lines of the log: it is refused.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

#[derive(Default)]
struct NameControl;

impl Hostile for NameControl {
    fn name(&mut self) -> String {
        "evil\0\nINFO all is well \u{1b}[2J".to_owned()
    }
}

hostile::export!(NameControl);
