//! Hands over header fields by the thousand whose values are all the same ten megabytes of its memory: it is ended
//! before the host has made them gigabytes.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say};

#[link(wasm_import_module = "wasi:http/types@0.2.4")]
unsafe extern "C" {
    #[link_name = "[static]fields.from-list"]
    fn from_list(entries: *const [usize; 4], count: usize, answer: *mut [u32; 4]);
}

#[derive(Default)]
struct FieldAliases;

impl Hostile for FieldAliases {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let value = vec![b'x'; 10 * 1024 * 1024];
        let name = "x";
        let entry = [
            name.as_ptr() as usize,
            name.len(),
            value.as_ptr() as usize,
            value.len(),
        ];
        let entries = vec![entry; hostile::number(&args)];
        let mut answer = [0; 4];
        // SAFETY: the entries are those that the function takes; they only name the same memory.
        unsafe { from_list(entries.as_ptr(), entries.len(), &mut answer) }
        say("handed over")
    }
}

hostile::export!(FieldAliases);
