//! A plugin that panics before it is there.

use test_support::{Plain, export_plugin};

fn construct() -> Plain {
    panic!("the constructor panicked")
}

export_plugin!(construct());
