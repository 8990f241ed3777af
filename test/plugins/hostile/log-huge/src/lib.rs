//! Logs one line of 16 MiB with ten thousand fields: it passes cut, or not at all.
#![cfg(target_family = "wasm")]

use hostile::log::{Entry, Field, Level, emit};
use hostile::{Failure, Hostile, say};

#[derive(Default)]
struct LogHuge;

impl Hostile for LogHuge {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let field = Field {
            key: "key".to_owned(),
            value: "value".to_owned(),
        };
        emit(&[Entry {
            level: Level::Error,
            target: "huge".to_owned(),
            message: "x".repeat(16 << 20),
            fields: vec![field; 10_000],
        }]);
        say("logged")
    }
}

hostile::export!(LogHuge);
