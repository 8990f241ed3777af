//! Calls with vectors, which JavaScript can neither pass nor take: made by a module of their own.

use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    InstructionSink, MemArg, MemArgTarget, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wast::core::{WastArgCore, WastRetCore};

/// Whether a call has vectors.
pub(crate) fn are_needed(arguments: &[&WastArgCore<'_>], results: &[&WastRetCore<'_>]) -> bool {
    let argument = arguments
        .iter()
        .any(|argument| matches!(argument, WastArgCore::V128(_)));
    argument
        || results
            .iter()
            .any(|result| result_type(result) == Some(ValType::V128))
}

fn argument_type(argument: &WastArgCore<'_>) -> Option<ValType> {
    Some(match argument {
        WastArgCore::I32(_) => ValType::I32,
        WastArgCore::I64(_) => ValType::I64,
        WastArgCore::F32(_) => ValType::F32,
        WastArgCore::F64(_) => ValType::F64,
        WastArgCore::V128(_) => ValType::V128,
        _ => return None,
    })
}

fn result_type(result: &WastRetCore<'_>) -> Option<ValType> {
    Some(match result {
        WastRetCore::I32(_) => ValType::I32,
        WastRetCore::I64(_) => ValType::I64,
        WastRetCore::F32(_) => ValType::F32,
        WastRetCore::F64(_) => ValType::F64,
        WastRetCore::V128(_) => ValType::V128,
        WastRetCore::Either(cases) => return result_type(cases.first()?),
        _ => return None,
    })
}

/// A module that imports the function `test` `function`, calls it in its export `run`, and leaves the results in
/// its `memory`, 16 bytes each.
pub(crate) fn caller(
    arguments: &[&WastArgCore<'_>],
    results: &[&WastRetCore<'_>],
) -> Option<Vec<u8>> {
    let params: Vec<ValType> = arguments
        .iter()
        .map(|argument| argument_type(argument))
        .collect::<Option<_>>()?;
    let answers: Vec<ValType> = results
        .iter()
        .map(|result| result_type(result))
        .collect::<Option<_>>()?;
    let mut types = TypeSection::new();
    types.ty().function(params, answers.iter().copied());
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import("test", "function", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(1);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports
        .export("run", ExportKind::Func, 1)
        .export("memory", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    code.function(&run(arguments, &answers));
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code);
    Some(module.finish())
}

fn run(arguments: &[&WastArgCore<'_>], answers: &[ValType]) -> Function {
    let mut function = Function::new(answers.iter().map(|ty| (1, *ty)));
    let mut code = function.instructions();
    for argument in arguments {
        match argument {
            WastArgCore::I32(value) => code.i32_const(*value),
            WastArgCore::I64(value) => code.i64_const(*value),
            WastArgCore::F32(value) => code.f32_const(f32::from_bits(value.bits).into()),
            WastArgCore::F64(value) => code.f64_const(f64::from_bits(value.bits).into()),
            WastArgCore::V128(value) => code.v128_const(i128::from_le_bytes(value.to_le_bytes())),
            _ => &mut code,
        };
    }
    code.call(0);
    for local in (0..answers.len() as u32).rev() {
        code.local_set(local);
    }
    for (local, ty) in (0..).zip(answers) {
        code.i32_const(16 * local as i32).local_get(local);
        store(&mut code, *ty);
    }
    code.end();
    function
}

fn store(code: &mut InstructionSink<'_>, ty: ValType) {
    let at = MemArg {
        offset: 0,
        align: 0,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    match ty {
        ValType::I32 => code.i32_store(at),
        ValType::I64 => code.i64_store(at),
        ValType::F32 => code.f32_store(at),
        ValType::F64 => code.f64_store(at),
        _ => code.v128_store(at),
    };
}
