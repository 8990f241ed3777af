//! Rewrites a module from the command line: `rewrite IN OUT`. Prints the report, and how long it took.

use std::{env, error::Error, fs, time::Instant};

use bulkhead_meter::{Limits, rewrite};

fn main() -> Result<(), Box<dyn Error>> {
    let [from, to] = env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: rewrite IN OUT")?;
    let module = fs::read(from)?;
    let limits = Limits {
        memory_pages: 65_536,
        table_elements: 10_000_000,
        gc: true,
        ..Limits::default()
    };
    let start = Instant::now();
    let rewritten = rewrite(&module, &limits)?;
    let took = start.elapsed();
    println!("{:#?}", rewritten.report);
    println!(
        "{} -> {} bytes in {took:?}",
        module.len(),
        rewritten.module.len()
    );
    Ok(fs::write(to, rewritten.module)?)
}
