//! `.proto` files, good and bad, through the whole of `compile_protos`.

use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// Compiles one file of `directory` into it.
fn compile(directory: &Path, file: &str) -> Result<(), bulkhead_build::Error> {
    bulkhead_build::configure()
        .protoc_arg("--experimental_allow_proto3_optional")
        .type_attribute(".", "#[derive(Eq)]")
        .out_dir(directory)
        .compile_protos(&[directory.join(file)], &[directory])
}

#[test]
fn messages_become_structs_with_the_attributes_asked_for() {
    let directory = directory(&[
        (
            "shared.proto",
            "syntax = \"proto3\"; package demo; message Id { int64 value = 1; }",
        ),
        (
            "args.proto",
            "syntax = \"proto3\";\npackage demo;\nimport \"shared.proto\";\n\
             message Args { Id id = 1; optional string text = 2; }\n",
        ),
    ]);
    compile(directory.path(), "args.proto").unwrap();

    let code = fs::read_to_string(directory.path().join("demo.rs")).unwrap();
    assert!(code.contains("pub struct Args"), "{code}");
    assert!(code.contains("pub struct Id"), "{code}");
    assert!(code.contains("#[derive(Eq)]"), "{code}");
    assert!(
        code.contains("Option<::prost::alloc::string::String>"),
        "{code}"
    );
}

#[test]
fn a_syntax_error_is_told_with_file_line_and_column() {
    let directory = directory(&[(
        "args.proto",
        "syntax = \"proto3\";\nmessage Args {\n  string text 1;\n}\n",
    )]);
    let error = compile(directory.path(), "args.proto").unwrap_err();
    assert!(error.to_string().starts_with("args.proto:3:15:"), "{error}");
    assert_eq!(error.to_string(), format!("{error:?}"));
    assert_eq!(error.file(), Some("args.proto"));
}

#[test]
fn an_unknown_type_is_told_with_file_line_and_column() {
    let directory = directory(&[(
        "args.proto",
        "syntax = \"proto3\";\nmessage Args {\n  Missing one = 1;\n}\n",
    )]);
    let error = compile(directory.path(), "args.proto").unwrap_err();
    assert!(error.to_string().starts_with("args.proto:3:"), "{error}");
    assert!(error.to_string().contains("Missing"), "{error}");
}

#[test]
fn a_missing_import_is_told_where_it_is_imported() {
    let directory = directory(&[(
        "args.proto",
        "syntax = \"proto3\";\nimport \"absent.proto\";\n",
    )]);
    let error = compile(directory.path(), "args.proto").unwrap_err();
    assert!(error.to_string().starts_with("args.proto:2:"), "{error}");
    assert!(error.to_string().contains("absent.proto"), "{error}");
}
