//! Describes its arguments in a message nested as deep as a schema may be long: it is refused, and no stack runs
//! over.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaNested;

impl Hostile for SchemaNested {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let depth = 75_000;
        let proto = format!(
            "syntax = \"proto3\";\n{}{}",
            "message M{".repeat(depth),
            "}".repeat(depth)
        );
        vec![("run".to_owned(), taking(proto))]
    }
}

hostile::export!(SchemaNested);
