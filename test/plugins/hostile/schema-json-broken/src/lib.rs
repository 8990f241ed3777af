//! Gives what is no JSON for JSON Schemas: the host hands the text on, and never reads it.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodJsonSchema};

#[derive(Default)]
struct SchemaJsonBroken;

impl Hostile for SchemaJsonBroken {
    fn settings_schema(&mut self) -> String {
        "{\"type\": ".repeat(1000)
    }

    fn json_schemas(&mut self) -> Option<Vec<(String, MethodJsonSchema)>> {
        let schema = MethodJsonSchema {
            args_schema: "[".repeat(100_000),
            result_schema: None,
            feed_data_schema: None,
        };
        Some(vec![("run".to_owned(), schema)])
    }
}

hostile::export!(SchemaJsonBroken);
