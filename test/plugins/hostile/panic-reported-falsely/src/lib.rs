//! Reports a panic that there is not, with a file name of newlines, and succeeds: its job succeeds.
#![cfg(target_family = "wasm")]

use hostile::diagnostics::{Panic, panicked};
use hostile::{Failure, Hostile};

#[derive(Default)]
struct PanicReportedFalsely;

impl Hostile for PanicReportedFalsely {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        panicked(&Panic {
            message: "all is lost".to_owned(),
            file: "\n".repeat(10_000),
            line: u32::MAX,
            column: 0,
        });
        Ok(args)
    }
}

hostile::export!(PanicReportedFalsely);
