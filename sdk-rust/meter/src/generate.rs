//! The bodies of the added functions.

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};
use wasmparser::HeapType;

use crate::{
    chunks, cost,
    helpers::{Added, Helper, Space},
    sections,
    survey::Survey,
};

/// What `refill` answers to ask for a call of `yield`; any other negative number ends the instance.
pub const REFILL_YIELD: i32 = -1;
/// What `refill` and `yield` answer to end the instance.
pub const REFILL_END: i32 = -2;

/// The type index and the body of a helper.
pub(crate) fn helper(helper: Helper, survey: &Survey<'_>, added: &mut Added) -> (u32, Function) {
    match helper {
        Helper::Tick => (added.ty(&[], &[]), tick(added)),
        Helper::Charge { items, wide } => {
            let length = index_type(wide);
            (added.ty(&[length], &[length]), charge(added, items, wide))
        }
        Helper::Grow(space) => grow(space, survey, added),
        Helper::Fill(space) => chunks::fill(space, survey, added),
        Helper::Copy { to, from } => chunks::copy(to, from, survey, added),
        Helper::Init { to, segment } => chunks::init(to, segment, survey, added),
        Helper::ReadBits { global, wide } => {
            (added.ty(&[], &[index_type(wide)]), read_bits(global, wide))
        }
        Helper::WriteBits { global, wide } => {
            (added.ty(&[index_type(wide)], &[]), write_bits(global, wide))
        }
    }
}

/// The type of a helper that does a `fill` or `copy` of memory.
pub(crate) fn helper_type(helper: Helper, survey: &Survey<'_>, added: &mut Added) -> u32 {
    match helper {
        Helper::Copy { to, from } => {
            let (to, from) = (survey.is_wide(to), survey.is_wide(from));
            added.ty(
                &[index_type(to), index_type(from), index_type(to && from)],
                &[],
            )
        }
        Helper::Fill(space) => {
            let index = index_type(survey.is_wide(space));
            added.ty(&[index, ValType::I32, index], &[])
        }
        other => self::helper(other, survey, added).0,
    }
}

/// The type of indices and lengths.
pub(crate) fn index_type(wide: bool) -> ValType {
    if wide { ValType::I64 } else { ValType::I32 }
}

/// Asks the host for ticks. `asking` stays 1 when the host throws, or ends the instance: should the module catch
/// what the host threw, its next tick is a trap, which nothing can catch.
fn tick(added: &Added) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    let answer = 0;
    let mut code = function.instructions();
    code.global_get(added.asking)
        .if_(BlockType::Empty)
        .unreachable()
        .end();
    code.i32_const(1).global_set(added.asking);
    code.global_get(added.ticks)
        .call(added.refill())
        .local_tee(answer);
    code.i32_const(REFILL_YIELD).i32_eq().if_(BlockType::Empty);
    code.call(added.yields()).local_set(answer).end();
    code.local_get(answer)
        .i32_const(0)
        .i32_lt_s()
        .if_(BlockType::Empty)
        .unreachable()
        .end();
    code.local_get(answer).global_set(added.ticks);
    code.i32_const(0).global_set(added.asking).end();
    function
}

/// `if (ticks < 0) tick()`.
pub(crate) fn check(code: &mut InstructionSink<'_>, added: &mut Added) {
    let tick = added.helper(Helper::Tick);
    code.global_get(added.ticks).i32_const(0).i32_lt_s();
    code.if_(BlockType::Empty).call(tick).end();
}

/// `ticks -= price(length)` of a length in a local. A price has 30 bits at most, so that no sum of it and what else is
/// owed wraps to more ticks than there were; what would cost more cannot be had.
pub(crate) fn pay(
    code: &mut InstructionSink<'_>,
    added: &Added,
    length: u32,
    items: bool,
    wide: bool,
) {
    let longest: u32 = if items {
        (1 << (30 - cost::TICKS_PER_ITEM_LOG2)) - 1
    } else {
        u32::MAX
    };
    code.global_get(added.ticks);
    if wide {
        code.i64_const(longest.into())
            .local_get(length)
            .local_get(length)
            .i64_const(longest.into());
        code.i64_gt_u().select().i32_wrap_i64();
    } else {
        code.i32_const(longest as i32)
            .local_get(length)
            .local_get(length)
            .i32_const(longest as i32);
        code.i32_gt_u().select();
    }
    if items {
        code.i32_const(cost::TICKS_PER_ITEM_LOG2 as i32).i32_shl();
    } else {
        code.i32_const(cost::BYTES_PER_TICK_LOG2 as i32).i32_shr_u();
    }
    code.i32_sub().global_set(added.ticks);
}

fn charge(added: &mut Added, items: bool, wide: bool) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    pay(&mut code, added, 0, items, wide);
    check(&mut code, added);
    code.local_get(0).end();
    function
}

fn read_bits(global: u32, wide: bool) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.global_get(global);
    if wide {
        code.i64_reinterpret_f64()
    } else {
        code.i32_reinterpret_f32()
    };
    code.end();
    function
}

fn write_bits(global: u32, wide: bool) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.local_get(0);
    if wide {
        code.f64_reinterpret_i64()
    } else {
        code.f32_reinterpret_i32()
    };
    code.global_set(global).end();
    function
}

/// What an element of a table takes in V8, in bytes (measured): references to functions take the most.
fn item_bytes(ty: wasmparser::RefType) -> i64 {
    use wasmparser::AbstractHeapType as A;
    match ty.heap_type() {
        HeapType::Abstract {
            ty: A::Func | A::NoFunc,
            ..
        }
        | HeapType::Concrete(_)
        | HeapType::Exact(_) => 32,
        // An exception has its payload, and one element may be all that holds it.
        HeapType::Abstract {
            ty: A::Exn | A::NoExn,
            ..
        } => 512,
        HeapType::Abstract { .. } => 8,
    }
}

/// `([value,] delta) -> old size or -1`. The host is asked with the bytes; if the instruction then fails, it is told
/// by the same number, negative.
fn grow(space: Space, survey: &Survey<'_>, added: &mut Added) -> (u32, Function) {
    let wide = survey.is_wide(space);
    let length = index_type(wide);
    let (mut params, bytes_each) = match space {
        Space::Memory(_) => (alloc::vec![], 65536),
        Space::Table(index) => {
            let table = survey
                .tables
                .get(index as usize)
                .map(|table| table.ty.element_type);
            (
                alloc::vec![table.map_or(ValType::FUNCREF, sections::ref_type)],
                table.map_or(8, item_bytes),
            )
        }
    };
    let delta = params.len() as u32;
    params.push(length);
    let ty = added.ty(&params, &[length]);
    let (bytes, result) = (delta + 1, delta + 2);
    let mut function = Function::new([(1, ValType::I64), (1, length)]);
    let mut code = function.instructions();
    code.global_get(added.ticks)
        .i32_const(cost::GROW_TICKS)
        .i32_sub()
        .global_set(added.ticks);
    let items = matches!(space, Space::Table(_));
    if items {
        pay(&mut code, added, delta, true, wide);
    }
    check(&mut code, added);
    // No host has 2^40 pages or elements: so large a delta is refused without asking, and the product stays exact.
    code.local_get(delta);
    if !wide {
        code.i64_extend_i32_u();
    }
    code.local_tee(bytes)
        .i64_const(1 << 40)
        .i64_gt_u()
        .if_(BlockType::Empty);
    minus_one(&mut code, wide);
    code.return_().end();
    code.local_get(bytes)
        .i64_const(bytes_each)
        .i64_mul()
        .local_tee(bytes)
        .call(added.grow());
    code.i32_eqz().if_(BlockType::Empty);
    minus_one(&mut code, wide);
    code.return_().end();
    match space {
        Space::Memory(index) => code.local_get(delta).memory_grow(index),
        Space::Table(index) => code.local_get(0).local_get(delta).table_grow(index),
    };
    code.local_tee(result);
    minus_one(&mut code, wide);
    if wide {
        code.i64_eq()
    } else {
        code.i32_eq()
    };
    code.if_(BlockType::Empty)
        .i64_const(0)
        .local_get(bytes)
        .i64_sub()
        .call(added.grow())
        .drop()
        .end();
    code.local_get(result).end();
    (ty, function)
}

fn minus_one(code: &mut InstructionSink<'_>, wide: bool) {
    if wide {
        code.i64_const(-1)
    } else {
        code.i32_const(-1)
    };
}
