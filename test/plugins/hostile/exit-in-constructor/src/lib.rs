//! Calls exit() before it is there: it is refused.
#![cfg(target_family = "wasm")]

use hostile::Hostile;

struct ExitInConstructor;

impl Default for ExitInConstructor {
    fn default() -> Self {
        std::process::exit(0)
    }
}

impl Hostile for ExitInConstructor {}

hostile::export!(ExitInConstructor);
