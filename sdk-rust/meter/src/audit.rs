//! Reads instructions for what the report says of a module, and refuses those that the limits forbid.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use wasmparser::Operator;

use crate::{
    bulk::Bulk,
    helpers::Space,
    limits::Limits,
    refusal::Refusal,
    report::{self, Report},
    sections,
    survey::Survey,
    types,
};

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Audit {
    /// Whether allocating on the garbage-collected heap is allowed.
    gc: bool,
    grown: BTreeSet<u32>,
    written: BTreeSet<u32>,
    drops_data: bool,
    drops_elements: bool,
    writes_heap: bool,
}

impl Audit {
    pub(crate) fn new(gc: bool) -> Self {
        Audit {
            gc,
            ..Audit::default()
        }
    }

    /// Takes note of an instruction at `offset`, in a function or a constant expression.
    pub(crate) fn see(&mut self, op: &Operator<'_>, offset: u64) -> Result<(), Refusal> {
        use Operator as O;
        match op {
            O::StructNew { .. }
            | O::StructNewDefault { .. }
            | O::ArrayNew { .. }
            | O::ArrayNewDefault { .. }
            | O::ArrayNewFixed { .. }
            | O::ArrayNewData { .. }
            | O::ArrayNewElem { .. } => return self.allocates(offset),
            O::DataDrop { .. } => self.drops_data = true,
            O::ElemDrop { .. } => self.drops_elements = true,
            O::StructSet { .. }
            | O::ArraySet { .. }
            | O::ArrayFill { .. }
            | O::ArrayCopy { .. }
            | O::ArrayInitData { .. }
            | O::ArrayInitElem { .. } => self.writes_heap = true,
            O::TableSet { table } => _ = self.written.insert(*table),
            _ => {}
        }
        match Bulk::of(op) {
            Some(Bulk::Grow(Space::Memory(index))) => _ = self.grown.insert(index),
            Some(
                Bulk::Grow(Space::Table(to))
                | Bulk::Fill(Space::Table(to))
                | Bulk::Copy {
                    to: Space::Table(to),
                    ..
                }
                | Bulk::Init {
                    to: Space::Table(to),
                    ..
                },
            ) => _ = self.written.insert(to),
            _ => {}
        }
        Ok(())
    }

    fn allocates(&self, offset: u64) -> Result<(), Refusal> {
        if self.gc {
            return Ok(());
        }
        Err(Refusal::at(
            offset,
            "allocating on the garbage-collected heap is not allowed: no limit can cap it",
        ))
    }

    /// What was seen, as far as instructions and the module's own items tell.
    pub(crate) fn report(&self, survey: &Survey<'_>, limits: &Limits) -> Report {
        let memories = (0..)
            .zip(&survey.memories)
            .map(|(index, memory)| report::Memory {
                index,
                imported: memory.imported,
                minimum: memory.ty.initial,
                maximum: sections::memory_maximum(&memory.ty, limits),
                grows: self.grown.contains(&index),
            });
        let tables = (0..)
            .zip(&survey.tables)
            .map(|(index, table)| report::Table {
                index,
                imported: table.imported,
                minimum: table.ty.initial,
                maximum: sections::table_maximum(&table.ty, limits),
                written: self.written.contains(&index),
            });
        Report {
            memories: memories.collect(),
            tables: tables.collect(),
            globals: globals(survey),
            start: survey.start,
            obstacles: self.obstacles(survey),
            ..Report::default()
        }
    }

    fn obstacles(&self, survey: &Survey<'_>) -> Vec<String> {
        let mut found = Vec::new();
        if self.drops_data {
            found.push("it drops data segments (data.drop), which cannot be undone".into());
        }
        if self.drops_elements {
            found.push("it drops element segments (elem.drop), which cannot be undone".into());
        }
        if self.writes_heap {
            found.push(
                "it writes objects on the garbage-collected heap, which cannot be captured".into(),
            );
        }
        for (index, global) in survey.globals.iter().enumerate() {
            let ty = global.ty.content_type;
            if global.ty.mutable && !global.imported && !types::javascript_can_hold(ty) {
                found.push(format!(
                    "the mutable global {index} has type {ty}, which JavaScript cannot read"
                ));
            }
        }
        for (index, table) in (0..).zip(&survey.tables) {
            let ty = table.ty.element_type;
            if self.written.contains(&index) && !types::javascript_can_hold_ref(ty) {
                found.push(format!(
                    "it writes table {index} of type {ty}, which JavaScript cannot read"
                ));
            }
        }
        found
    }
}

fn globals(survey: &Survey<'_>) -> Vec<report::Global> {
    let own = (0..)
        .zip(&survey.globals)
        .filter(|(_, global)| global.ty.mutable && !global.imported);
    own.map(|(index, global)| report::Global {
        index,
        kind: format!("{}", global.ty.content_type),
    })
    .collect()
}
