//! Calls a field `__proto__`, the one name that JavaScript cannot treat like any other: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaProtoField;

impl Hostile for SchemaProtoField {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let proto = "syntax = \"proto3\";\nmessage M { string __proto__ = 1; }\n";
        vec![("run".to_owned(), taking(proto.to_owned()))]
    }
}

hostile::export!(SchemaProtoField);
