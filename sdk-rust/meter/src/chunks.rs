//! Bulk instructions in pieces, with a tick between: filling 256 MiB of fresh memory takes half a second, which no
//! tick before or after would cut short.
//!
//! A piece is only begun when the whole is known to be within bounds. Otherwise the instruction itself is run, and
//! traps before it has written anything, as it must.

mod piecewise;

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};

use piecewise::{Bound, Piecewise};

use crate::{
    generate::index_type,
    helpers::{Added, Space},
    sections,
    survey::Survey,
};

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

fn element(survey: &Survey<'_>, table: u32) -> ValType {
    let table = survey.tables.get(table as usize);
    table.map_or(ValType::FUNCREF, |table| {
        sections::ref_type(table.ty.element_type)
    })
}
