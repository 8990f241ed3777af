//! Has 200 methods with a megabyte of text each: it is refused.
#![cfg(target_family = "wasm")]

use hostile::{Hostile, MethodSchema, taking};

#[derive(Default)]
struct MethodsTexts;

impl Hostile for MethodsTexts {
    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        let text = format!(
            "syntax = \"proto3\"; message M {{}} //{}",
            "x".repeat(1 << 20)
        );
        (0..200)
            .map(|number| (format!("method{number}"), taking(text.clone())))
            .collect()
    }
}

hostile::export!(MethodsTexts);
