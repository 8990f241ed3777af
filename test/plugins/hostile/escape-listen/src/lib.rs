//! Tries to listen on a port of the host, and answers what came of it: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say, won};
use std::net::TcpListener;

#[derive(Default)]
struct EscapeListen;

impl Hostile for EscapeListen {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let attempt = won("listens", TcpListener::bind("0.0.0.0:0"));
        say(attempt.unwrap_or_default())
    }
}

hostile::export!(EscapeListen);
