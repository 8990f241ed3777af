//! From `.proto` files to Rust, without `protoc`.

use crate::{DEFAULT_STACK, Error, link_with_stack};
use std::path::{Path, PathBuf};

/// Starts a plugin's build script; see [`Config::compile_protos`].
pub fn configure() -> Config {
    Config {
        prost: prost_build::Config::new(),
        stack: DEFAULT_STACK,
    }
}

/// What a build script asks for. Shaped like `prost_build::Config`, so that a script written for that
/// changes in one line.
#[derive(Debug)]
pub struct Config {
    prost: prost_build::Config,
    stack: u32,
}

impl Config {
    /// Adds an attribute to the types that `path` matches (`.` matches all), e.g. a `#[derive(…)]`.
    pub fn type_attribute(
        &mut self,
        path: impl AsRef<str>,
        attribute: impl AsRef<str>,
    ) -> &mut Self {
        self.prost.type_attribute(path, attribute);
        self
    }

    /// Adds an attribute to the messages that `path` matches.
    pub fn message_attribute(
        &mut self,
        path: impl AsRef<str>,
        attribute: impl AsRef<str>,
    ) -> &mut Self {
        self.prost.message_attribute(path, attribute);
        self
    }

    /// Adds an attribute to the enums that `path` matches.
    pub fn enum_attribute(
        &mut self,
        path: impl AsRef<str>,
        attribute: impl AsRef<str>,
    ) -> &mut Self {
        self.prost.enum_attribute(path, attribute);
        self
    }

    /// Adds an attribute to the fields that `path` matches.
    pub fn field_attribute(
        &mut self,
        path: impl AsRef<str>,
        attribute: impl AsRef<str>,
    ) -> &mut Self {
        self.prost.field_attribute(path, attribute);
        self
    }

    /// Uses the Rust type `rust` for the message `proto` instead of generating one.
    pub fn extern_path(&mut self, proto: impl Into<String>, rust: impl Into<String>) -> &mut Self {
        self.prost.extern_path(proto, rust);
        self
    }

    /// Where the generated code goes; `OUT_DIR` by default.
    pub fn out_dir(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.prost.out_dir(directory);
        self
    }

    /// Accepted so that scripts for `prost-build` stay as they are, and of no effect: there is no
    /// `protoc` to pass it to, and what `--experimental_allow_proto3_optional` asks for is always on.
    pub fn protoc_arg(&mut self, argument: impl AsRef<str>) -> &mut Self {
        let _ = argument;
        self
    }

    /// Everything else that `prost-build` can do.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), bulkhead_build::Error> {
    /// bulkhead_build::configure()
    ///     .prost(|prost| {
    ///         prost.btree_map(["."]);
    ///     })
    ///     .compile_protos(&["protobuf/args.proto"], &["protobuf"])
    /// # }
    /// ```
    pub fn prost(&mut self, change: impl FnOnce(&mut prost_build::Config)) -> &mut Self {
        change(&mut self.prost);
        self
    }

    /// The component's stack in bytes, [`DEFAULT_STACK`] unless said otherwise; see
    /// [`link_with_stack`].
    pub fn stack_size(&mut self, bytes: u32) -> &mut Self {
        self.stack = bytes;
        self
    }

    /// Compiles `protos`, which may import from `includes`, to one Rust file per proto package
    /// (`include!(concat!(env!("OUT_DIR"), "/<package>.rs"))`), sets the linker up, and has cargo
    /// run the script again when one of the files or their imports changes.
    ///
    /// ```no_run
    /// // build.rs
    /// fn main() -> Result<(), bulkhead_build::Error> {
    ///     bulkhead_build::configure()
    ///         .type_attribute(".", "#[derive(serde::Serialize)]")
    ///         .compile_protos(&["protobuf/args.proto"], &["protobuf"])
    /// }
    /// ```
    pub fn compile_protos(
        &mut self,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<(), Error> {
        link_with_stack(self.stack);
        // First, so that a file with an error is watched as well.
        for path in protos {
            watch(path.as_ref());
        }
        let mut compiler = protox::Compiler::new(includes)?;
        compiler.include_imports(true).include_source_info(true);
        compiler.open_files(protos)?;
        compiler
            .files()
            .filter_map(|file| file.path())
            .for_each(watch);
        self.prost.compile_fds(compiler.file_descriptor_set())?;
        Ok(())
    }
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}
