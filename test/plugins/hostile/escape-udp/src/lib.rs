//! Tries to send a datagram to the address that its arguments name, and answers what came of it: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say, won};
use std::net::UdpSocket;

#[derive(Default)]
struct EscapeUdp;

impl Hostile for EscapeUdp {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let address = String::from_utf8_lossy(&args);
        let attempt =
            UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"out", &*address));
        say(won("sent", attempt).unwrap_or_default())
    }
}

hostile::export!(EscapeUdp);
