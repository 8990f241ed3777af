//! Tries to look up the name that its arguments say, by which data leaks as well as by a connection: it learns
//! nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say, won};
use std::net::ToSocketAddrs;

#[derive(Default)]
struct EscapeDns;

impl Hostile for EscapeDns {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let name = String::from_utf8_lossy(&args).into_owned();
        let attempt = (name, 80)
            .to_socket_addrs()
            .map(Iterator::collect::<Vec<_>>);
        say(won("resolved", attempt).unwrap_or_default())
    }
}

hostile::export!(EscapeDns);
