//! Describes a default value in brackets as deep as a schema may be long: it is refused, and no stack runs over.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaBrackets;

impl Hostile for SchemaBrackets {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let depth = 400_000;
        let value = format!("{}{}", "{a:".repeat(depth / 2), "}".repeat(depth / 2));
        let proto = format!("syntax = \"proto3\";\noption (x) = {value};\nmessage M {{}}\n");
        vec![("run".to_owned(), taking(proto))]
    }
}

hostile::export!(SchemaBrackets);
