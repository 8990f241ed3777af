//! Bulk instructions in pieces, with a tick between: filling 256 MiB of fresh memory takes half a second, which no
//! tick before or after would cut short.
//!
//! A piece is only begun when the whole is known to be within bounds. Otherwise the instruction itself is run, and
//! traps before it has written anything, as it must.

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};

use crate::{
    cost,
    generate::{check, index_type, pay},
    helpers::{Added, Space},
    sections,
    survey::Survey,
};

/// Locals and widths of a helper that is being written.
struct Piecewise<'s> {
    survey: &'s Survey<'s>,
    /// The local with what is left to do, and whether it has 64 bits.
    length: u32,
    wide: bool,
    items: bool,
}

/// The bounds of one operand: an index in a local, into something of a size.
enum Bound {
    Space {
        at: u32,
        space: Space,
    },
    /// A segment's length is known; if the segment was dropped, the first piece traps as the whole would.
    Segment {
        at: u32,
        length: u64,
    },
}

pub(crate) fn fill(space: Space, survey: &Survey<'_>, added: &mut Added) -> (u32, Function) {
    let wide = survey.is_wide(space);
    let index = index_type(wide);
    let value = match space {
        Space::Memory(_) => ValType::I32,
        Space::Table(table) => element(survey, table),
    };
    let ty = added.ty(&[index, value, index], &[]);
    let piecewise = Piecewise {
        survey,
        length: 2,
        wide,
        items: matches!(space, Space::Table(_)),
    };
    let mut function = Function::new([]);
    let mut code = function.instructions();
    let run = |code: &mut InstructionSink<'_>| match space {
        Space::Memory(index) => _ = code.memory_fill(index),
        Space::Table(index) => _ = code.table_fill(index),
    };
    code.loop_(BlockType::Empty);
    piecewise.whole_or_on(&mut code, added, &[Bound::Space { at: 0, space }], |code| {
        run(code.local_get(0).local_get(1).local_get(2));
    });
    code.local_get(0).local_get(1);
    run(piecewise.piece(&mut code));
    piecewise.advance(&mut code, &[(0, wide)]);
    code.br(0).end().unreachable().end();
    (ty, function)
}

pub(crate) fn copy(
    to: Space,
    from: Space,
    survey: &Survey<'_>,
    added: &mut Added,
) -> (u32, Function) {
    let (to_wide, from_wide) = (survey.is_wide(to), survey.is_wide(from));
    let wide = to_wide && from_wide;
    let ty = added.ty(
        &[index_type(to_wide), index_type(from_wide), index_type(wide)],
        &[],
    );
    let piecewise = Piecewise {
        survey,
        length: 2,
        wide,
        items: matches!(to, Space::Table(_)),
    };
    let mut function = Function::new([]);
    let mut code = function.instructions();
    let run = |code: &mut InstructionSink<'_>| match (to, from) {
        (Space::Memory(to), Space::Memory(from)) => _ = code.memory_copy(to, from),
        (Space::Table(to), Space::Table(from)) => _ = code.table_copy(to, from),
        _ => _ = code.unreachable(),
    };
    let bounds = [
        Bound::Space { at: 0, space: to },
        Bound::Space { at: 1, space: from },
    ];
    code.loop_(BlockType::Empty);
    piecewise.whole_or_on(&mut code, added, &bounds, |code| {
        run(code.local_get(0).local_get(1).local_get(2))
    });
    if to == from {
        // Upwards within one memory: from the end, so that no piece is overwritten before it is read.
        code.local_get(0).local_get(1);
        if to_wide {
            code.i64_gt_u()
        } else {
            code.i32_gt_u()
        };
        code.if_(BlockType::Empty);
        piecewise.shorten(&mut code);
        for at in [0, 1] {
            code.local_get(at).local_get(2);
            if wide {
                code.i64_add()
            } else {
                code.i32_add()
            };
        }
        run(piecewise.piece(&mut code));
        code.br(1).end();
    }
    code.local_get(0).local_get(1);
    run(piecewise.piece(&mut code));
    piecewise.advance(&mut code, &[(0, to_wide), (1, from_wide)]);
    code.br(0).end().unreachable().end();
    (ty, function)
}

pub(crate) fn init(
    to: Space,
    segment: u32,
    survey: &Survey<'_>,
    added: &mut Added,
) -> (u32, Function) {
    let to_wide = survey.is_wide(to);
    let ty = added.ty(&[index_type(to_wide), ValType::I32, ValType::I32], &[]);
    let items = matches!(to, Space::Table(_));
    let segments = if items {
        &survey.elements
    } else {
        &survey.data
    };
    let length = segments.get(segment as usize).copied().unwrap_or(0);
    let piecewise = Piecewise {
        survey,
        length: 2,
        wide: false,
        items,
    };
    let mut function = Function::new([]);
    let mut code = function.instructions();
    let run = |code: &mut InstructionSink<'_>| match to {
        Space::Memory(index) => _ = code.memory_init(index, segment),
        Space::Table(index) => _ = code.table_init(index, segment),
    };
    let bounds = [
        Bound::Space { at: 0, space: to },
        Bound::Segment { at: 1, length },
    ];
    code.loop_(BlockType::Empty);
    piecewise.whole_or_on(&mut code, added, &bounds, |code| {
        run(code.local_get(0).local_get(1).local_get(2))
    });
    code.local_get(0).local_get(1);
    run(piecewise.piece(&mut code));
    piecewise.advance(&mut code, &[(0, to_wide), (1, false)]);
    code.br(0).end().unreachable().end();
    (ty, function)
}

impl Piecewise<'_> {
    /// Elements or bytes in a piece.
    fn most(&self) -> u32 {
        if self.items {
            cost::CHUNK_ITEMS
        } else {
            cost::CHUNK_BYTES
        }
    }

    /// If what is left is one piece, or reaches out of bounds, runs it whole and returns. Otherwise goes on, with
    /// a piece's price paid.
    fn whole_or_on(
        &self,
        code: &mut InstructionSink<'_>,
        added: &mut Added,
        bounds: &[Bound],
        whole: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        extended(code, self.length, self.wide);
        code.i64_const(self.most().into())
            .i64_le_u()
            .if_(BlockType::Result(ValType::I32))
            .i32_const(1)
            .else_();
        code.i32_const(0);
        for bound in bounds {
            self.out_of_bounds(code, bound);
            code.i32_or();
        }
        code.end().if_(BlockType::Empty);
        whole(code);
        // Paid for afterwards: a trap need not be.
        pay(code, added, self.length, self.items, self.wide);
        check(code, added);
        code.return_().end();
        let ticks = if self.items {
            self.most() << cost::TICKS_PER_ITEM_LOG2
        } else {
            self.most() >> cost::BYTES_PER_TICK_LOG2
        };
        code.global_get(added.ticks)
            .i32_const(ticks as i32)
            .i32_sub()
            .global_set(added.ticks);
        check(code, added);
    }

    /// Leaves 1 if the operand and the length reach beyond the bound.
    fn out_of_bounds(&self, code: &mut InstructionSink<'_>, bound: &Bound) {
        let (at, wide) = match *bound {
            Bound::Space { at, space } => (at, self.survey.is_wide(space)),
            Bound::Segment { at, .. } => (at, false),
        };
        // length > size || at > size - length, without a sum that could wrap.
        extended(code, self.length, self.wide);
        self.size(code, bound);
        code.i64_gt_u();
        extended(code, at, wide);
        self.size(code, bound);
        extended(code, self.length, self.wide);
        code.i64_sub().i64_gt_u().i32_or();
    }

    fn size(&self, code: &mut InstructionSink<'_>, bound: &Bound) {
        let space = match *bound {
            Bound::Space { space, .. } => space,
            Bound::Segment { length, .. } => {
                code.i64_const(length as i64);
                return;
            }
        };
        match space {
            Space::Memory(index) => code.memory_size(index),
            Space::Table(index) => code.table_size(index),
        };
        if !self.survey.is_wide(space) {
            code.i64_extend_i32_u();
        }
        if let Space::Memory(_) = space {
            code.i64_const(16).i64_shl();
        }
    }

    /// Leaves the length of a piece.
    fn piece<'c, 'd>(&self, code: &'c mut InstructionSink<'d>) -> &'c mut InstructionSink<'d> {
        constant(code, self.most(), self.wide);
        code
    }

    fn shorten(&self, code: &mut InstructionSink<'_>) {
        code.local_get(self.length);
        constant(code, self.most(), self.wide);
        if self.wide {
            code.i64_sub()
        } else {
            code.i32_sub()
        };
        code.local_set(self.length);
    }

    /// After a piece: less is left, and the indices in the given locals (of 64 bits or not) move on.
    fn advance(&self, code: &mut InstructionSink<'_>, indices: &[(u32, bool)]) {
        self.shorten(code);
        for (index, wide) in indices {
            code.local_get(*index);
            constant(code, self.most(), *wide);
            if *wide {
                code.i64_add()
            } else {
                code.i32_add()
            };
            code.local_set(*index);
        }
    }
}

fn extended(code: &mut InstructionSink<'_>, local: u32, wide: bool) {
    code.local_get(local);
    if !wide {
        code.i64_extend_i32_u();
    }
}

fn constant(code: &mut InstructionSink<'_>, value: u32, wide: bool) {
    if wide {
        code.i64_const(value.into())
    } else {
        code.i32_const(value as i32)
    };
}

fn element(survey: &Survey<'_>, table: u32) -> ValType {
    let table = survey.tables.get(table as usize);
    table.map_or(ValType::FUNCREF, |table| {
        sections::ref_type(table.ty.element_type)
    })
}
