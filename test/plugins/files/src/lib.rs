//! A plugin that does with files what its argument says, with `std::fs` alone: a line each, its words separated by
//! tabs, `operation path [more]`. Answers a line each: `ok`, what was found, or `!` and the kind of the error.
//! Settings, where there are any, name a path that `load()` looks at.

use anyhow::Result;
use bulkhead_plugin::data::MethodSchema;
use bulkhead_plugin::export_plugin;
use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

struct Files;

/// What one operation came to.
fn act(operation: &str, path: &str, more: &str) -> io::Result<String> {
    let done = |()| "ok".to_owned();
    match operation {
        "read" => fs::read_to_string(path),
        "size" => fs::read(path).map(|bytes| bytes.len().to_string()),
        "write" => fs::write(path, more).map(done),
        "fill" => fs::write(path, vec![b'x'; more.parse().unwrap_or(0)]).map(done),
        "append" => append(path, more).map(done),
        "seek" => seek(path),
        "set-len" => File::options()
            .write(true)
            .open(path)?
            .set_len(more.parse().unwrap_or(0))
            .map(done),
        "create-new" => File::create_new(path).map(|_| "ok".to_owned()),
        "create-dir" => fs::create_dir(path).map(done),
        "create-dirs" => fs::create_dir_all(path).map(done),
        "list" => list(path),
        "remove" => fs::remove_file(path).map(done),
        "remove-dir" => fs::remove_dir(path).map(done),
        "remove-all" => fs::remove_dir_all(path).map(done),
        "rename" => fs::rename(path, more).map(done),
        "copy" => fs::copy(path, more).map(|bytes| bytes.to_string()),
        "link" => fs::hard_link(path, more).map(done),
        "look" => fs::metadata(path).map(|found| format!("{} {}", found.is_dir(), found.len())),
        "canonical" => fs::canonicalize(path).map(|path| path.display().to_string()),
        "many" => many(path, more.parse().unwrap_or(0)).map(done),
        "keep" => File::open(path).map(|file| {
            mem::forget(file);
            "ok".to_owned()
        }),
        "sync" => File::options().write(true).open(path)?.sync_all().map(done),
        _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
    }
}

fn append(path: &str, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Writes in the middle, goes back, and reads the whole.
fn seek(path: &str) -> io::Result<String> {
    let mut file = File::options().read(true).write(true).open(path)?;
    file.seek(SeekFrom::Start(2))?;
    file.write_all(b"--")?;
    file.seek(SeekFrom::End(-1))?;
    file.write_all(b"!")?;
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn list(path: &str) -> io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let mark = if entry.file_type()?.is_dir() { "/" } else { "" };
        names.push(format!("{}{mark}", entry.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(format!("{} {}", names.len(), names.join(",")))
}

fn many(path: &str, count: usize) -> io::Result<()> {
    for number in 0..count {
        File::create(format!("{path}/{number}"))?;
    }
    Ok(())
}

impl MultiMethodPluginRunner for Files {
    fn name(&self) -> String {
        "Files".to_owned()
    }

    fn description(&self) -> String {
        "A plugin of Bulkhead's own tests".to_owned()
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        if !settings.is_empty() {
            fs::metadata(String::from_utf8(settings)?)?;
        }
        Ok(())
    }

    fn run(
        &mut self,
        args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        let text = String::from_utf8_lossy(&args).into_owned();
        let answers: Vec<_> = text.lines().map(answer).collect();
        (Ok(answers.join("\n").into_bytes()), HashMap::new())
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        HashMap::from([("run".to_owned(), MethodSchema::bytes())])
    }
}

fn answer(line: &str) -> String {
    let mut words = line.split('\t');
    let [operation, path, more] = [(); 3].map(|()| words.next().unwrap_or(""));
    act(operation, path, more).unwrap_or_else(|error| format!("!{:?}", error.kind()))
}

export_plugin!(Files);
