//! A plugin that computes for ever, without a call that the host could stop it in.

use std::hint::black_box;
use test_support::{Plain, Result, export_plugin};

fn spin(_args: Vec<u8>) -> Result<Vec<u8>> {
    let mut turns = 0u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

export_plugin!(Plain::new("Spin", spin));
