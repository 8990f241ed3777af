//! Assembles the text format from stdin to stdout, for `test/meter`.

use std::{
    error::Error,
    io::{Read, Write, stdin, stdout},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    Ok(stdout().write_all(&wat::parse_str(text)?)?)
}
