//! What the helpers have in common that work in pieces.

use wasm_encoder::{BlockType, InstructionSink, ValType};

use crate::{
    cost,
    generate::{check, pay},
    helpers::{Added, Space},
    survey::Survey,
};

/// Locals and widths of a helper that is being written.
pub(super) struct Piecewise<'s> {
    pub(super) survey: &'s Survey<'s>,
    /// The local with what is left to do, and whether it has 64 bits.
    pub(super) length: u32,
    pub(super) wide: bool,
    pub(super) items: bool,
}

/// The bounds of one operand: an index in a local, into something of a size.
pub(super) enum Bound {
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

impl Piecewise<'_> {
    /// Elements or bytes in a piece.
    pub(super) fn most(&self) -> u32 {
        if self.items {
            cost::CHUNK_ITEMS
        } else {
            cost::CHUNK_BYTES
        }
    }

    /// If what is left is one piece, or reaches out of bounds, runs it whole and returns. Otherwise goes on, with
    /// a piece's price paid.
    pub(super) fn whole_or_on(
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
    pub(super) fn out_of_bounds(&self, code: &mut InstructionSink<'_>, bound: &Bound) {
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

    pub(super) fn size(&self, code: &mut InstructionSink<'_>, bound: &Bound) {
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
    pub(super) fn piece<'c, 'd>(
        &self,
        code: &'c mut InstructionSink<'d>,
    ) -> &'c mut InstructionSink<'d> {
        constant(code, self.most(), self.wide);
        code
    }

    pub(super) fn shorten(&self, code: &mut InstructionSink<'_>) {
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
    pub(super) fn advance(&self, code: &mut InstructionSink<'_>, indices: &[(u32, bool)]) {
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
