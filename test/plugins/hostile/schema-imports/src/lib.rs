//! Describes its arguments by a file of the host: it is refused, and nothing is read.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaImports;

impl Hostile for SchemaImports {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let proto =
            "syntax = \"proto3\";\nimport \"/etc/passwd\";\nmessage M { string text = 1; }\n";
        vec![("run".to_owned(), taking(proto.to_owned()))]
    }
}

hostile::export!(SchemaImports);
