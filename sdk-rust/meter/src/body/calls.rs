//! Calls, and what is owed at them.

use super::Writer;
use crate::{cost, emit, order::Entry};

impl Writer<'_, '_, '_, '_> {
    pub(super) fn call(&mut self, callee: u32, opcode: u8, from: usize, to: usize) {
        let defined = callee.checked_sub(self.context.survey.imported_functions);
        let units = match defined.map(|defined| self.context.entries.get(defined)) {
            None => cost::IMPORT_CALL,
            Some(Entry::Ticks) => cost::CALL,
            Some(Entry::Paid { cost }) => cost::CALL + cost,
        };
        self.flow.call(units);
        let index = self.context.added.function(callee);
        if index != callee {
            self.replace(from, to, |code| emit::indexed(code, opcode, index));
        }
    }
}
