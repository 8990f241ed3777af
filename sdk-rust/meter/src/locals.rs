//! The locals that metering adds to a function.

use alloc::vec::Vec;

use wasm_encoder::Encode;
use wasmparser::FunctionBody;

use crate::{body::Context, limits, refusal::Refusal};

/// What is added, by index.
pub(crate) struct Locals {
    /// The length that a bulk instruction is about to move.
    pub(crate) length: Option<u32>,
    /// How many are added.
    count: u32,
    /// Groups of locals that the function declares.
    groups: u32,
    /// Where the groups begin in the body.
    groups_from: usize,
}

impl Locals {
    pub(crate) fn new(
        context: &Context<'_, '_>,
        index: usize,
        body: &FunctionBody<'_>,
    ) -> Result<Self, Refusal> {
        let mut reader = body.get_locals_reader()?;
        let groups = reader.get_count();
        let groups_from = (reader.original_position() - body.range().start) as usize;
        let mut next = context.survey.params_of(index);
        for _ in 0..groups {
            next += reader.read()?.0;
        }
        let mut locals = Locals {
            length: None,
            count: 0,
            groups,
            groups_from,
        };
        let Some(function) = context.scan.functions.get(index) else {
            return Ok(locals);
        };
        // A function that has all the locals that V8 allows does without.
        if next < limits::MAX_LOCALS {
            locals.length = function.moves.then(|| locals.add(next));
        }
        Ok(locals)
    }

    fn add(&mut self, next: u32) -> u32 {
        self.count += 1;
        next + self.count - 1
    }

    /// Writes the declarations: the function's own, which end at `to` in the body, and the added ones.
    pub(crate) fn declare(&self, body: &[u8], to: usize, code: &mut Vec<u8>) {
        let added = self.count > 0;
        (self.groups + u32::from(added)).encode(code);
        code.extend_from_slice(body.get(self.groups_from..to).unwrap_or_default());
        if added {
            self.count.encode(code);
            wasm_encoder::ValType::I32.encode(code);
        }
    }
}
