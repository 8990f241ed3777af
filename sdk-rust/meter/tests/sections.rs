//! What becomes of sections that the specification's test suite says little about.

use bulkhead_meter::{Limits, Rewritten, rewrite};
use wasmparser::{BranchHintSectionReader, KnownCustom, Name, Parser, Payload};

fn metered(text: &str) -> Rewritten {
    let module = wat::parse_str(text).expect("the test's own text is right");
    rewrite(&module, &Limits::default()).expect("the module is within its limits")
}

fn customs(module: &[u8]) -> Vec<wasmparser::CustomSectionReader<'_>> {
    let payloads = Parser::new(0)
        .parse_all(module)
        .map(|payload| payload.expect("it is valid"));
    payloads
        .filter_map(|payload| {
            if let Payload::CustomSection(section) = payload {
                Some(section)
            } else {
                None
            }
        })
        .collect()
}

fn function_names(module: &[u8]) -> Vec<(u32, String)> {
    let mut names = Vec::new();
    for section in customs(module) {
        let KnownCustom::Name(reader) = section.as_known() else {
            continue;
        };
        for subsection in reader {
            if let Name::Function(map) = subsection.expect("names can be read") {
                names.extend(
                    map.into_iter()
                        .map(|naming| naming.expect("a name can be read"))
                        .map(|n| (n.index, n.name.into())),
                );
            }
        }
    }
    names
}

#[test]
fn names_move_with_their_functions() {
    let rewritten = metered(
        r#"(module (import "a" "b" (func $imported)) (func $own (local $x i32) (loop (br 0))))"#,
    );
    let names = function_names(&rewritten.module);
    assert_eq!(names[0], (0, "imported".into()));
    assert_eq!(names[1], (4, "own".into()));
    assert!(
        names[2..].iter().any(|(_, name)| name == "bulkhead:tick"),
        "{names:?}"
    );
}

#[test]
fn a_name_section_that_cannot_be_read_is_left_out() {
    let rewritten = metered(r#"(module (func) (@custom "name" "\01\ff\ff\ff"))"#);
    assert!(function_names(&rewritten.module).is_empty());
}

#[test]
fn custom_sections_stay_but_for_those_that_speak_of_places() {
    let rewritten = metered(
        r#"(module (@custom "mine" "data") (@custom ".debug_info" "x") (@custom "sourceMappingURL" "x"))"#,
    );
    let names: Vec<&str> = customs(&rewritten.module)
        .iter()
        .map(|section| section.name())
        .collect();
    assert!(names.contains(&"mine"), "{names:?}");
    assert!(
        !names.contains(&".debug_info") && !names.contains(&"sourceMappingURL"),
        "{names:?}"
    );
}

#[test]
fn branch_hints_move_with_their_branches() {
    let text = r#"(module (func (param i32) (local.get 0) (@metadata.code.branch_hint "\01") (if (then (nop)))
        (loop (local.get 0) (@metadata.code.branch_hint "\00") (br_if 0))))"#;
    let rewritten = metered(text);
    let mut hinted = 0;
    for section in customs(&rewritten.module)
        .iter()
        .filter(|section| section.name() == "metadata.code.branch_hint")
    {
        let reader = wasmparser::BinaryReader::new(section.data(), 0);
        for function in BranchHintSectionReader::new(reader).expect("hints can be read") {
            let function = function.expect("hints can be read");
            let body = body_of(&rewritten.module, function.func - 3);
            for hint in function.hints {
                let hint = hint.expect("a hint can be read");
                // `if` or `br_if`.
                assert!(
                    matches!(body[hint.func_offset as usize], 0x04 | 0x0d),
                    "{hint:?}"
                );
                hinted += 1;
            }
        }
    }
    assert!(hinted >= 4, "{hinted}");
}

fn body_of(module: &[u8], index: u32) -> Vec<u8> {
    let payloads = Parser::new(0)
        .parse_all(module)
        .map(|payload| payload.expect("it is valid"));
    let mut bodies = payloads.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body.as_bytes().to_vec()),
        _ => None,
    });
    bodies
        .nth(index as usize)
        .expect("there is such a function")
}

#[test]
fn an_empty_module_gets_all_that_a_host_expects() {
    let rewritten = metered("(module)");
    let text = format!("{:?}", rewritten.report);
    assert!(text.contains("functions: 0"), "{text}");
    let exports = Parser::new(0)
        .parse_all(&rewritten.module)
        .filter_map(|payload| match payload {
            Ok(Payload::ExportSection(section)) => Some(section.count()),
            _ => None,
        });
    assert_eq!(exports.sum::<u32>(), 1);
}

#[test]
fn short_functions_are_paid_for_by_their_callers() {
    let work = "(nop)".repeat(600);
    let rewritten = metered(&format!(
        "(module (func $leaf (nop)) (func $caller (call $leaf) (call $leaf)) (func (export \"f\") (loop (call $caller)) {work}))",
    ));
    assert_eq!(
        (
            rewritten.report.functions,
            rewritten.report.leaves,
            rewritten.report.loops
        ),
        (3, 2, 1)
    );
}

#[test]
fn who_calls_somebody_unknown_pays_for_itself() {
    for call in [
        "(call $import)",
        "(call_indirect (type $t) (i32.const 0))",
        "(call_ref $t (ref.func $f))",
        "(return_call $import)",
        "(return_call_indirect (type $t) (i32.const 0))",
        "(return_call_ref $t (ref.func $f))",
    ] {
        let rewritten = metered(&format!(
            r#"(module (type $t (func)) (import "a" "b" (func $import)) (table 1 funcref) (elem declare func $f)
              (func $f (type $t)) (func (param i32) (if (local.get 0) (then {call}))))"#,
        ));
        assert_eq!(rewritten.report.leaves, 1, "{call}");
    }
}

#[test]
fn of_functions_that_call_each_other_one_pays_for_itself() {
    let rewritten = metered("(module (func $a (call $b)) (func $b (call $a)))");
    assert_eq!(rewritten.report.leaves, 1);
}

#[test]
fn a_module_may_be_rewritten_only_once() {
    let rewritten = metered("(module (func))");
    let refusal = rewrite(&rewritten.module, &Limits::default()).unwrap_err();
    assert!(refusal.message.contains("reserved"), "{refusal}");
}
