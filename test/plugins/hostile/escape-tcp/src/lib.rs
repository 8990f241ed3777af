//! Tries to connect to the address that its arguments name, and answers what came of it: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say, won};
use std::net::TcpStream;

#[derive(Default)]
struct EscapeTcp;

impl Hostile for EscapeTcp {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let address = String::from_utf8_lossy(&args);
        let attempt = won("connected", TcpStream::connect(&*address));
        say(attempt.unwrap_or_default())
    }
}

hostile::export!(EscapeTcp);
