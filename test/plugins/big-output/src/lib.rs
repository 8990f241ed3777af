//! A plugin that answers as many bytes (`x`) as its argument says, in decimal ASCII.

use test_support::{Plain, Result, export_plugin};

fn fill(args: Vec<u8>) -> Result<Vec<u8>> {
    let bytes: usize = std::str::from_utf8(&args)?.trim().parse()?;
    Ok(vec![b'x'; bytes])
}

export_plugin!(Plain::new("BigOutput", fill));
