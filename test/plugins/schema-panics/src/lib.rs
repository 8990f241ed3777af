//! A plugin that panics when it is asked for its methods: `name` has already worked by then.

use test_support::{Plain, export_plugin};

export_plugin!(Plain::echo("SchemaPanics").methods(|| panic!("the schema panicked")));
