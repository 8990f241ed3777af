//! A plugin whose arguments' message is no Protocol Buffers: line 3 lacks an equals sign.

use std::collections::HashMap;
use test_support::{MethodSchema, Plain, export_plugin};

const BROKEN: &str = "syntax = \"proto3\";
message BrokenArgs {
  string text 1;
}
";

fn methods() -> HashMap<String, MethodSchema> {
    let run = MethodSchema {
        args_proto: BROKEN.to_owned(),
        ..MethodSchema::bytes()
    };
    HashMap::from([("run".to_owned(), run)])
}

export_plugin!(Plain::echo("BrokenProto").methods(methods));
