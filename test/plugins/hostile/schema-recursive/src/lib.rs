//! Describes its arguments by a message that holds itself, which is fine: arguments too deep are refused, not
//! followed.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaRecursive;

impl Hostile for SchemaRecursive {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let proto = "syntax = \"proto3\";\nmessage M { M m = 1; }\n";
        vec![("run".to_owned(), taking(proto.to_owned()))]
    }
}

hostile::export!(SchemaRecursive);
