//! A plugin that looks at everything a program can look at, and tells what it saw: one line each,
//! `what=value` or `what!error`. Its argument is the path of a file to read.

use std::fmt::Display;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};
use test_support::{Plain, Result, export_plugin};

fn look(args: Vec<u8>) -> Result<Vec<u8>> {
    let path = String::from_utf8(args)?;
    let variables: Vec<_> = env::vars()
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    let arguments: Vec<_> = env::args().collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let lines = [
        line("env", Ok::<_, String>(variables.join(","))),
        line("args", Ok::<_, String>(arguments.join(","))),
        line(
            "cwd",
            env::current_dir().map(|directory| directory.display().to_string()),
        ),
        line("file", fs::read_to_string(path)),
        line("clock", Ok::<_, String>(now.as_millis())),
    ];
    Ok(lines.concat().into_bytes())
}

fn line<E: Display>(what: &str, saw: Result<impl Display, E>) -> String {
    match saw {
        Ok(value) => format!("{what}={value}\n"),
        Err(error) => format!("{what}!{error}\n"),
    }
}

export_plugin!(Plain::new("WantsEnv", look));
