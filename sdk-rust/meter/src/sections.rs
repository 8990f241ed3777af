//! The sections that change: functions move by the added imports, maximums are lowered, items are added.

use alloc::format;

use wasm_encoder::{
    ConstExpr, EntityType, ExportKind, ExportSection, FunctionSection, GlobalSection, GlobalType,
    ImportSection, TypeSection, ValType,
    reencode::{Error, Reencode, RoundtripReencoder, utils},
};

use crate::{
    audit::Audit,
    helpers::{Added, Helper},
    limits::Limits,
    names,
    refusal::Refusal,
    survey::Survey,
};

/// Copies sections with the changes that the limits and the added items ask for.
pub(crate) struct Sections<'r> {
    pub(crate) added: &'r Added,
    pub(crate) audit: &'r mut Audit,
    pub(crate) limits: &'r Limits,
}

impl Reencode for Sections<'_> {
    type Error = Refusal;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Refusal>> {
        Ok(self.added.function(index))
    }

    fn memory_type(
        &mut self,
        mut ty: wasmparser::MemoryType,
    ) -> Result<wasm_encoder::MemoryType, Error<Refusal>> {
        ty.maximum = Some(memory_maximum(&ty, self.limits));
        Ok(utils::memory_type(self, ty))
    }

    fn table_type(
        &mut self,
        mut ty: wasmparser::TableType,
    ) -> Result<wasm_encoder::TableType, Error<Refusal>> {
        ty.maximum = Some(table_maximum(&ty, self.limits));
        utils::table_type(self, ty)
    }

    fn const_expr(&mut self, expr: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error<Refusal>> {
        for op in expr.get_operators_reader().into_iter_with_offsets() {
            let (op, offset) = op?;
            self.audit.see(&op, offset).map_err(Error::UserError)?;
        }
        utils::const_expr(self, expr)
    }
}

/// The maximum that a memory gets, in pages.
pub(crate) fn memory_maximum(ty: &wasmparser::MemoryType, limits: &Limits) -> u64 {
    let most = if ty.memory64 {
        limits.memory_pages
    } else {
        limits.memory_pages.min(1 << 16)
    };
    ty.maximum.map_or(most, |maximum| maximum.min(most))
}

/// The maximum that a table gets, in elements.
pub(crate) fn table_maximum(ty: &wasmparser::TableType, limits: &Limits) -> u64 {
    let most = if ty.table64 {
        limits.table_elements
    } else {
        limits.table_elements.min(u32::MAX.into())
    };
    ty.maximum.map_or(most, |maximum| maximum.min(most))
}

/// A reference type as the encoder has it. Types do not move.
pub(crate) fn ref_type(ty: wasmparser::RefType) -> ValType {
    RoundtripReencoder
        .ref_type(ty)
        .map_or(ValType::FUNCREF, ValType::Ref)
}

/// Adds the types of the imports and helpers.
pub(crate) fn add_types(types: &mut TypeSection, added: &Added) {
    for (params, results) in added.types() {
        types
            .ty()
            .function(params.iter().copied(), results.iter().copied());
    }
}

/// The function types of the three imports, in their order.
pub(crate) fn import_types(added: &mut Added) -> [u32; 3] {
    let i32s = &[ValType::I32][..];
    [
        added.ty(i32s, i32s),
        added.ty(&[], i32s),
        added.ty(&[ValType::I64], i32s),
    ]
}

/// Adds the three imports.
pub(crate) fn add_imports(imports: &mut ImportSection, types: [u32; 3]) {
    for (name, ty) in [names::REFILL, names::YIELD, names::GROW]
        .into_iter()
        .zip(types)
    {
        imports.import(names::METER, name, EntityType::Function(ty));
    }
}

/// Adds the helpers' declarations.
pub(crate) fn add_functions(functions: &mut FunctionSection, types: impl Iterator<Item = u32>) {
    for ty in types {
        functions.function(ty);
    }
}

/// Adds the global of ticks, and the one that tells whether the host is being asked for more.
pub(crate) fn add_globals(globals: &mut GlobalSection) {
    for _ in ["ticks", "asking"] {
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(ty, &ConstExpr::i32_const(0));
    }
}

/// What reads and writes a global of this type, if JavaScript cannot without changing it.
fn bits(global: u32, ty: wasmparser::ValType) -> Option<[Helper; 2]> {
    let wide = match ty {
        wasmparser::ValType::F32 => false,
        wasmparser::ValType::F64 => true,
        _ => return None,
    };
    Some([
        Helper::ReadBits { global, wide },
        Helper::WriteBits { global, wide },
    ])
}

/// Has the functions made that [`add_exports`] exports.
pub(crate) fn need_bits(survey: &Survey<'_>, added: &mut Added) {
    for (index, global) in (0..).zip(&survey.globals) {
        let own = global.ty.mutable && !global.imported;
        let helpers = own.then(|| bits(index, global.ty.content_type)).flatten();
        for helper in helpers.into_iter().flatten() {
            added.helper(helper);
        }
    }
}

/// Adds the exports that a host needs to meter, capture and put back.
pub(crate) fn add_exports(exports: &mut ExportSection, survey: &Survey<'_>, added: &Added) {
    exports.export(names::TICKS, ExportKind::Global, added.ticks);
    for (index, memory) in (0..).zip(&survey.memories) {
        if !memory.imported {
            exports.export(
                &format!("{}{index}", names::MEMORY),
                ExportKind::Memory,
                index,
            );
        }
    }
    for (index, global) in (0..).zip(&survey.globals) {
        if !global.ty.mutable || global.imported {
            continue;
        }
        let Some([read, write]) = bits(index, global.ty.content_type) else {
            let name = format!("{}{index}", names::GLOBAL);
            exports.export(&name, ExportKind::Global, index);
            continue;
        };
        for (helper, prefix) in [(read, names::READ), (write, names::WRITE)] {
            if let Some(function) = added.known_helper(helper) {
                exports.export(&format!("{prefix}{index}"), ExportKind::Func, function);
            }
        }
    }
    for (index, table) in (0..).zip(&survey.tables) {
        if !table.imported {
            exports.export(
                &format!("{}{index}", names::TABLE),
                ExportKind::Table,
                index,
            );
        }
    }
}
