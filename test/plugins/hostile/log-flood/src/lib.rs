//! Logs for ever: the job ends at its deadline, and what passes the log's cap is dropped and counted.
#![cfg(target_family = "wasm")]

use hostile::log::{Entry, Level, emit};
use hostile::{Failure, Hostile};

#[derive(Default)]
struct LogFlood;

impl Hostile for LogFlood {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let line = Entry {
            level: Level::Error,
            target: "flood".to_owned(),
            message: "line ".repeat(200),
            fields: Vec::new(),
        };
        let lines = vec![line; 100];
        loop {
            emit(&lines);
        }
    }
}

hostile::export!(LogFlood);
