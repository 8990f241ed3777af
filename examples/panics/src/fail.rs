//! The ways to fail.

use anyhow::{Context, Result, anyhow, bail};
use std::hint::black_box;

/// Fails in the way that `how` names; an unknown way is an error too, so that a typing mistake in a
/// test does not pass for success.
pub fn fail(how: &str, message: &str) -> Result<()> {
    match how {
        "" | "panic" => panic!("{message}"),
        "error" => Err(anyhow!("the root"))
            .context("the reason")
            .with_context(|| message.to_owned()),
        "index" => {
            let none: &[u8] = black_box(&[]);
            bail!("no panic, but {}", none[black_box(7)])
        }
        "unwrap" => {
            let none: Option<&str> = black_box(None);
            bail!("no panic, but {}", none.unwrap())
        }
        "overflow" => bail!("no overflow, but {}", dig(black_box(1))),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(1),
        other => bail!("`{other}` is no way to fail"),
    }
}

/// Recurses, with a little on the stack each time, until the stack is used up.
#[allow(unconditional_recursion)]
fn dig(depth: u64) -> u64 {
    let ballast = black_box([depth; 32]);
    dig(depth + 1) + ballast[0]
}
