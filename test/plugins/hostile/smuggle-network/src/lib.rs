//! Keeps handles of the network, which the host puts back without throwing the instance away, and looks in the next job
//! whether their numbers go on where it stopped, or an old one still means something: neither.
#![cfg(target_family = "wasm")]

use hostile::wasi::sockets::instance_network::instance_network;
use hostile::{Failure, Hostile, say};

#[derive(Default)]
struct SmuggleNetwork;

impl Hostile for SmuggleNetwork {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let first = instance_network();
        let number = first.handle();
        // The one that is dropped is the next to come back, where the order of free numbers is kept.
        drop((instance_network(), first));
        let again = instance_network().take_handle();
        match (number, again) {
            (1, 1) => say(""),
            _ => say(format!("network: {number} {again}")),
        }
    }
}

hostile::export!(SmuggleNetwork);
