//! Describes its arguments in 5 MiB of text: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct SchemaHuge;

impl Hostile for SchemaHuge {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let field = "  string text = 1;\n";
        let proto = format!(
            "syntax = \"proto3\";\nmessage Huge {{\n{}}}\n",
            field.repeat(300_000)
        );
        vec![("run".to_owned(), taking(proto))]
    }
}

hostile::export!(SchemaHuge);
