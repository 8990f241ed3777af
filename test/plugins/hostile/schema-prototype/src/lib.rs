//! Calls messages, fields and methods by the names of JavaScript's prototypes: they are names like any other.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaPrototype;

impl Hostile for SchemaPrototype {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let proto = "syntax = \"proto3\";\nmessage constructor { string valueOf = 1; string toString = 2; }\n";
        ["__proto__", "constructor", "toString"]
            .map(|name| (name.to_owned(), taking(proto.to_owned())))
            .into()
    }
}

hostile::export!(SchemaPrototype);
