//! The instructions whose cost grows with an operand; in all of them it is the last one.

use wasmparser::Operator;

use crate::helpers::Space;

/// What such an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulk {
    Fill(Space),
    Copy {
        to: Space,
        from: Space,
    },
    Init {
        to: Space,
        segment: u32,
    },
    Grow(Space),
    /// An instruction on garbage-collected arrays, whose lengths have 32 bits.
    Array,
}

impl Bulk {
    pub(crate) fn of(op: &Operator<'_>) -> Option<Self> {
        use Operator as O;
        use Space::{Memory, Table};
        Some(match *op {
            O::MemoryFill { mem } => Bulk::Fill(Memory(mem)),
            O::MemoryCopy { dst_mem, src_mem } => Bulk::Copy {
                to: Memory(dst_mem),
                from: Memory(src_mem),
            },
            O::MemoryInit { data_index, mem } => Bulk::Init {
                to: Memory(mem),
                segment: data_index,
            },
            O::MemoryGrow { mem } => Bulk::Grow(Memory(mem)),
            O::TableFill { table } => Bulk::Fill(Table(table)),
            O::TableCopy {
                dst_table,
                src_table,
            } => Bulk::Copy {
                to: Table(dst_table),
                from: Table(src_table),
            },
            O::TableInit { elem_index, table } => Bulk::Init {
                to: Table(table),
                segment: elem_index,
            },
            O::TableGrow { table } => Bulk::Grow(Table(table)),
            O::ArrayNew { .. }
            | O::ArrayNewDefault { .. }
            | O::ArrayNewData { .. }
            | O::ArrayNewElem { .. }
            | O::ArrayFill { .. }
            | O::ArrayCopy { .. }
            | O::ArrayInitData { .. }
            | O::ArrayInitElem { .. } => Bulk::Array,
            _ => return None,
        })
    }
}
