//! Looks at environment, arguments, working directory and standard input, and answers what it saw: nothing.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, say, won};
use std::{env, io};

#[derive(Default)]
struct EscapeProcess;

impl Hostile for EscapeProcess {
    fn run(&mut self, _args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let variables: Vec<_> = env::vars().collect();
        let arguments: Vec<_> = env::args().collect();
        let mut input = String::new();
        let attempts = [
            (!variables.is_empty()).then(|| format!("{variables:?}")),
            (!arguments.is_empty()).then(|| format!("{arguments:?}")),
            won("directory", env::set_current_dir("/etc")),
            won("input", io::stdin().read_line(&mut input)).filter(|_| !input.is_empty()),
        ];
        say(attempts
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n"))
    }
}

hostile::export!(EscapeProcess);
