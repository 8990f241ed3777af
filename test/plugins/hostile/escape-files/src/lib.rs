//! Tries to read, write, list and remove what its arguments name, and answers what came of it: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say, won};
use std::fs;

#[derive(Default)]
struct EscapeFiles;

impl Hostile for EscapeFiles {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let path = String::from_utf8_lossy(&args).into_owned();
        let attempts = [
            won("read", fs::read(&path)),
            won("list", fs::read_dir(&path).map(Iterator::count)),
            won("look", fs::metadata(&path)),
            won("write", fs::write(&path, "was here")),
            won("make", fs::create_dir(format!("{path}/made"))),
            won("rename", fs::rename(&path, format!("{path}.moved"))),
            won("link", fs::hard_link(&path, "link")),
            won("remove", fs::remove_file(&path)),
        ];
        say(attempts
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n"))
    }
}

hostile::export!(EscapeFiles);
