//! A plugin with the name of another one, `test-echo`.

use test_support::{Plain, export_plugin};

export_plugin!(Plain::echo("Echo"));
