//! Calls abort() in the function that its settings name: the job ends, and nothing else.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile};
use std::process::abort;

#[derive(Default)]
struct Abort {
    place: Vec<u8>,
}

impl Abort {
    fn at(&self, place: &str) {
        if self.place == place.as_bytes() {
            abort()
        }
    }
}

impl Hostile for Abort {
    fn load(&mut self, settings: Vec<u8>) -> Result<(), Failure> {
        self.place = settings;
        self.at("load");
        Ok(())
    }

    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.at("run");
        Ok(args)
    }

    fn begin_stream(&mut self, _args: Vec<u8>) -> Result<(), Failure> {
        self.at("begin");
        Ok(())
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.at("receive");
        Ok(Some(b"chunk".to_vec()))
    }

    fn cancel(&mut self) -> bool {
        self.at("cancel");
        true
    }
}

hostile::export!(Abort);
