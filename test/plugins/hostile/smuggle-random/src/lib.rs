//! Answers the seed of std's hash maps, which is drawn where it is first used: no two jobs have the same.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};
use std::hash::{BuildHasher, RandomState};

#[derive(Default)]
struct SmuggleRandom;

impl Hostile for SmuggleRandom {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        say(RandomState::new().hash_one("the same").to_string())
    }
}

hostile::export!(SmuggleRandom);
