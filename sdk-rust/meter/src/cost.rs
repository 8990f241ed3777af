//! What instructions cost: the unit of account is about one simple instruction, sixteen of them are a tick.
//!
//! The weights are rough on purpose. What is sound is the bound: no path owes more than [`DEBT_MAX`] units, beside
//! [`LOOP_DEBT_MAX`] from before the loops around it, and each charge is at least the cost of the dearest path to it.

use wasmparser::Operator;

/// Units in a tick.
pub(crate) const TICK: u32 = 16;
/// A path is charged when it has come to cost this much.
pub(crate) const DEBT_MAX: u32 = 4096;
/// The same before a loop: its turns pay for themselves only, and what was owed before stays owed until it is left.
pub(crate) const LOOP_DEBT_MAX: u32 = 1024;
/// Functions are paid for by their callers up to this cost.
pub(crate) const PAID_MAX: u32 = 512;
/// What an exception handler starts with: a throw (0.1 µs in V8), and what the cut-off path may have owed.
pub(crate) const HANDLER: u32 = 1024 + LOOP_DEBT_MAX + DEBT_MAX + IMPORT_CALL;
/// A call of an import: leaving for JavaScript and coming back.
pub(crate) const IMPORT_CALL: u32 = 64 + PAID_MAX;
/// A direct call of a function that pays for itself.
pub(crate) const CALL: u32 = 8;
/// A call whose target is only known when it runs: it may be one that callers pay for.
pub(crate) const INDIRECT_CALL: u32 = 16 + PAID_MAX;
/// Who is called in these ways may call back, and no walk through direct calls finds that. So the callers of the
/// function that does so must not be the ones to pay for it.
const _: () = assert!(INDIRECT_CALL > PAID_MAX && IMPORT_CALL > PAID_MAX);
/// A call of a helper, without what grows with an operand.
pub(crate) const HELPER_CALL: u32 = 64;
/// Ticks for growing a memory or table, whatever the delta: up to 3 µs in V8.
pub(crate) const GROW_TICKS: i32 = 1024;
/// Bytes that a bulk instruction moves in a tick, as a shift: 64.
pub(crate) const BYTES_PER_TICK_LOG2: u32 = 6;
/// Ticks for each element that a bulk instruction moves, as a shift: 16.
pub(crate) const TICKS_PER_ITEM_LOG2: u32 = 4;
/// Bulk instructions on up to this many bytes stay where they are, and are charged for as many: V8 inlines the
/// shortest.
pub(crate) const INLINE_BULK_MAX: u32 = 1024;
/// A longer bulk instruction is done in pieces of this many bytes, with a tick between.
pub(crate) const CHUNK_BYTES: u32 = 256 << 10;
/// The same in elements of a table.
pub(crate) const CHUNK_ITEMS: u32 = 1024;

/// How often the body of a short loop is there at most.
const COPIES_MAX: u32 = 8;
/// Instructions that the copies of a body have together, at most.
const COPIED_INSTRUCTIONS: u32 = 256;
/// The same in bytes.
const COPIED_BYTES: u64 = 2048;
/// What the copies of a module add to it at most, in bytes of its own code: further loops are there once.
pub(crate) const ALL_COPIES_BYTES: u64 = 4 << 20;

/// How often the body of a short loop is to be there, so that it is charged once in so many turns.
pub(crate) fn copies(instructions: u32, bytes: u64) -> u32 {
    let most = COPIED_BYTES / bytes.max(1);
    (COPIED_INSTRUCTIONS / instructions.max(1))
        .min(most as u32)
        .clamp(1, COPIES_MAX)
}

/// Ticks for so many units, rounded up.
pub(crate) fn ticks(units: u32) -> u32 {
    units.div_ceil(TICK)
}

/// The cost of an instruction in units, without what it calls and without what grows with an operand.
pub(crate) fn weight(op: &Operator<'_>) -> u32 {
    use Operator as O;
    match op {
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU => 24,
        O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU => 40,
        O::F32Div | O::F64Div | O::F32Sqrt | O::F64Sqrt => 12,
        O::F32x4Div | O::F64x2Div | O::F32x4Sqrt | O::F64x2Sqrt => 24,
        O::BrTable { .. } | O::TableSet { .. } => 4,
        O::RefFunc { .. } | O::TableGet { .. } => 32,
        O::RefTestNonNull { .. }
        | O::RefTestNullable { .. }
        | O::RefCastNonNull { .. }
        | O::RefCastNullable { .. } => 8,
        O::BrOnCast { .. } | O::BrOnCastFail { .. } => 8,
        O::StructNew { .. } | O::StructNewDefault { .. } => 64,
        O::ArrayNewFixed { array_size, .. } => 64 + array_size,
        O::ArrayNew { .. }
        | O::ArrayNewDefault { .. }
        | O::ArrayNewData { .. }
        | O::ArrayNewElem { .. } => 64,
        O::MemoryAtomicNotify { .. }
        | O::MemoryAtomicWait32 { .. }
        | O::MemoryAtomicWait64 { .. } => 64,
        O::AtomicFence { .. } => 32,
        O::DataDrop { .. } | O::ElemDrop { .. } => 32,
        _ if accesses_memory(op) => 2,
        _ => 1,
    }
}

/// Scalar loads and stores; a cache miss makes them the dearest of the cheap ones.
fn accesses_memory(op: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        op,
        O::I32Load { .. }
            | O::I64Load { .. }
            | O::F32Load { .. }
            | O::F64Load { .. }
            | O::I32Load8U { .. }
            | O::I32Load8S { .. }
            | O::I32Load16U { .. }
            | O::I32Load16S { .. }
            | O::I64Load8U { .. }
            | O::I64Load8S { .. }
            | O::I64Load16U { .. }
            | O::I64Load16S { .. }
            | O::I64Load32U { .. }
            | O::I64Load32S { .. }
            | O::V128Load { .. }
            | O::I32Store { .. }
            | O::I64Store { .. }
            | O::F32Store { .. }
            | O::F64Store { .. }
            | O::I32Store8 { .. }
            | O::I32Store16 { .. }
            | O::I64Store8 { .. }
            | O::I64Store16 { .. }
            | O::I64Store32 { .. }
            | O::V128Store { .. }
    )
}
