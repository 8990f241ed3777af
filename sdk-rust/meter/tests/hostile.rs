//! Input that was made to do harm: each ends soon, with a reason or with a valid module, and never in a panic.

use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use bulkhead_meter::{Limits, rewrite};
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    Instruction, MemorySection, MemoryType, Module, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::{Validator, WasmFeatures};

/// Far more than any of these takes, also unoptimised.
const SOON: Duration = Duration::from_secs(20);

fn roomy() -> Limits {
    Limits {
        memory_pages: 65_536,
        table_elements: 10_000_000,
        gc: true,
        ..Limits::default()
    }
}

/// Rewrites, checks the output, and answers the reason of a refusal.
fn outcome(module: &[u8]) -> Result<Vec<u8>, String> {
    let start = Instant::now();
    let rewritten = rewrite(module, &roomy());
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    let module = rewritten.map_err(|refusal| refusal.to_string())?.module;
    let features = WasmFeatures::default() | WasmFeatures::LEGACY_EXCEPTIONS;
    Validator::new_with_features(features)
        .validate_all(&module)
        .expect("what comes out is valid");
    Ok(module)
}

fn one_function(function: &Function) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut code = CodeSection::new();
    code.function(function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module.finish()
}

fn body(instructions: impl IntoIterator<Item = Instruction<'static>>) -> Vec<u8> {
    let mut function = Function::new([]);
    for instruction in instructions {
        function.instruction(&instruction);
    }
    function.instruction(&Instruction::End);
    one_function(&function)
}

#[test]
fn two_billion_locals_are_refused() {
    let mut function = Function::new([(1 << 31, ValType::I64)]);
    function.instruction(&Instruction::End);
    let reason = outcome(&one_function(&function)).unwrap_err();
    assert!(reason.contains("too many locals"), "{reason}");
}

#[test]
fn a_function_with_every_local_that_v8_allows_does_without_more() {
    let mut function = Function::new([(50_000, ValType::I32)]);
    for instruction in [
        Instruction::Loop(BlockType::Empty),
        Instruction::Br(0),
        Instruction::End,
        Instruction::End,
    ] {
        function.instruction(&instruction);
    }
    outcome(&one_function(&function)).expect("it is valid");
}

#[test]
fn a_giant_branch_table_is_rewritten() {
    let targets = vec![0; 2_000_000];
    let table = [
        Instruction::Loop(BlockType::Empty),
        Instruction::I32Const(0),
        Instruction::BrTable(targets.into(), 1),
    ];
    outcome(&body(table.into_iter().chain([Instruction::End]))).expect("it is valid");
}

#[test]
fn deeply_nested_blocks_are_rewritten() {
    let depth = 500_000;
    let opening = std::iter::repeat_n(Instruction::Block(BlockType::Empty), depth);
    outcome(&body(
        opening.chain(std::iter::repeat_n(Instruction::End, depth)),
    ))
    .expect("it is valid");
}

#[test]
fn deeply_nested_loops_that_grow_too_large_are_refused() {
    let depth = 500_000;
    let opening = std::iter::repeat_n(Instruction::Loop(BlockType::Empty), depth);
    let closing = [
        Instruction::I32Const(0),
        Instruction::BrIf(0),
        Instruction::End,
    ];
    let closing = std::iter::repeat_n(closing, depth).flatten();
    let reason = outcome(&body(opening.chain(closing))).unwrap_err();
    assert!(reason.contains("grows beyond V8's limit"), "{reason}");
}

#[test]
fn a_module_of_short_loops_does_not_grow_as_if_it_were_small() {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], []);
    let mut function = Function::new([]);
    for _ in 0..50_000 {
        function
            .instruction(&Instruction::Loop(BlockType::Empty))
            .instruction(&Instruction::LocalGet(0))
            .instruction(&Instruction::BrIf(0))
            .instruction(&Instruction::End);
    }
    function.instruction(&Instruction::End);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for _ in 0..6 {
        functions.function(0);
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let module = module.finish();
    let rewritten = outcome(&module).expect("it is valid");
    let times = rewritten.len() / module.len();
    assert!(times < 11, "{times} times as large");
}

#[test]
fn thousands_of_memories_are_refused() {
    let mut memories = MemorySection::new();
    for _ in 0..5000 {
        memories.memory(MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }
    let mut module = Module::new();
    module.section(&memories);
    let reason = outcome(&module.finish()).unwrap_err();
    assert!(reason.contains("memories count exceeds limit"), "{reason}");
}

#[test]
fn thousands_of_tables_are_refused() {
    let mut tables = TableSection::new();
    for _ in 0..5000 {
        let element_type = wasm_encoder::RefType::FUNCREF;
        tables.table(TableType {
            element_type,
            minimum: 0,
            maximum: None,
            table64: false,
            shared: false,
        });
    }
    let mut module = Module::new();
    module.section(&tables);
    let reason = outcome(&module.finish()).unwrap_err();
    assert!(reason.contains("5000 tables, the limit is 100"), "{reason}");
}

fn many_functions(count: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    let mut exports = ExportSection::new();
    for index in 0..count {
        functions.function(0);
        let mut function = Function::new([]);
        function
            .instruction(&Instruction::Call(count - 1 - index))
            .instruction(&Instruction::End);
        code.function(&function);
        if index % 10 == 0 {
            exports.export(&index.to_string(), ExportKind::Func, index);
        }
    }
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&exports)
        .section(&code);
    module.finish()
}

#[test]
fn a_hundred_thousand_functions_are_rewritten() {
    outcome(&many_functions(100_000)).expect("it is valid");
}

#[test]
fn a_million_functions_are_refused() {
    let reason = outcome(&many_functions(950_000)).unwrap_err();
    assert!(
        reason.contains("950000 functions, the limit is 900000"),
        "{reason}"
    );
}

#[test]
fn a_claim_of_four_billion_functions_takes_no_memory() {
    // A function section that says it has 2^32 - 1 entries, and has none.
    let module = [
        &b"\0asm\x01\0\0\0"[..],
        &[3, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ]
    .concat();
    outcome(&module).unwrap_err();
}

#[test]
fn an_import_name_of_any_length_is_quoted_shortly() {
    let mut imports = ImportSection::new();
    let ty = wasm_encoder::EntityType::Memory(MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    imports.import(&"\u{202e}".repeat(20_000), "bulkhead:ticks", ty);
    let mut module = Module::new();
    module.section(&imports);
    let reason = outcome(&module.finish()).unwrap_err();
    assert!(reason.len() < 1000 && reason.is_ascii(), "{reason}");
}

/// Numbers that look random and are the same each time.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn damaged_modules_are_refused_or_come_out_valid() {
    let (mut refused, mut valid) = (0, 0);
    for seed in 0..60 {
        let mut next = noise(seed);
        let bytes: Vec<u8> = (0..4096).map(|_| next() as u8).collect();
        let config = wasm_smith::Config {
            compact_imports_enabled: false,
            wide_arithmetic_enabled: false,
            gc_enabled: true,
            exceptions_enabled: true,
            threads_enabled: false,
            max_memory32_bytes: 1 << 20,
            max_memory64_bytes: 1 << 20,
            max_table_elements: 1000,
            max_tables: 10,
            ..Default::default()
        };
        let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)) else {
            continue;
        };
        let module = module.to_bytes();
        outcome(&module).expect("it is valid before it is damaged");
        for _ in 0..100 {
            let mut damaged = module.clone();
            for _ in 0..=next() % 3 {
                let at = next() as usize % damaged.len();
                damaged[at] = next() as u8;
            }
            damaged.truncate(damaged.len() - (next() % 4 / 3) as usize);
            match outcome(&damaged) {
                Ok(_) => valid += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(
        refused > 1000 && valid > 50,
        "{refused} refused, {valid} valid"
    );
}
