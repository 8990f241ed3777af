//! What is known of types and of what V8 supports.

use wasmparser::{ValType, WasmFeatures};

/// What V8 14.6 supports without flags, by its own account: the corpus test compares the two.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::GC_TYPES);

/// What is kept of a function type.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) params: u32,
    /// Bytes of its parameters, if they are numbers, vectors, functions and host references only.
    pub(crate) plain_bytes: Option<u32>,
}

impl Shape {
    pub(crate) fn of(ty: &wasmparser::FuncType) -> Self {
        let bytes = |ty: &ValType| match ty {
            ValType::I32 | ValType::F32 => Some(4),
            ValType::I64 | ValType::F64 => Some(8),
            ValType::V128 => Some(16),
            ValType::Ref(ty) if ty.is_func_ref() || ty.is_extern_ref() => Some(8),
            ValType::Ref(_) => None,
        };
        let plain_bytes = ty
            .params()
            .iter()
            .try_fold(0u32, |sum, ty| Some(sum + bytes(ty)?));
        Shape {
            params: ty.params().len() as u32,
            plain_bytes,
        }
    }
}

/// Whether JavaScript can read and write a global of this type.
pub(crate) fn javascript_can_hold(ty: ValType) -> bool {
    match ty {
        ValType::V128 => false,
        ValType::Ref(ty) => javascript_can_hold_ref(ty),
        _ => true,
    }
}

/// Whether JavaScript can read and write a table of this type.
pub(crate) fn javascript_can_hold_ref(ty: wasmparser::RefType) -> bool {
    use wasmparser::{AbstractHeapType as A, HeapType};
    !matches!(
        ty.heap_type(),
        HeapType::Abstract {
            ty: A::Exn | A::NoExn | A::Cont | A::NoCont,
            ..
        }
    )
}
