//! Polls 200 pollables at once, again and again, of which one is ready: it is served.
#![cfg(target_family = "wasm")]

use hostile::wasi::clocks::monotonic_clock::subscribe_duration;
use hostile::wasi::io::poll::poll;
use hostile::{Failure, Hostile, never, say};

#[derive(Default)]
struct PollMany;

impl Hostile for PollMany {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let waits: Vec<_> = std::iter::repeat_with(never).take(199).collect();
        for _ in 0..20 {
            let soon = subscribe_duration(1_000_000);
            let all: Vec<_> = waits.iter().chain([&soon]).collect();
            if poll(&all) != [199] {
                return say("something else was ready");
            }
        }
        say("polled")
    }
}

hostile::export!(PollMany);
