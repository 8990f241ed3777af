//! A function that was rewritten before it was known who pays for its entry.

use core::ops::Range;

use super::Rewritten;
use crate::{cost, emit::Amount};

/// A function with a charge at its entry whose amount is still open.
pub(super) struct Written {
    pub(super) function: Rewritten,
    /// Where the charge is in the body.
    pub(super) entry: Range<usize>,
    pub(super) amount: Amount,
    /// What the function owes at most when it is left or calls another one, in units.
    pub(super) cost: u32,
}

impl Written {
    /// Has the function pay at its entry for what it owes when it is left or calls another one.
    pub(super) fn fill_entry(&mut self) {
        let ticks = cost::ticks(cost::TICK + self.cost);
        self.amount.fill(&mut self.function.bytes, ticks);
    }

    /// Takes the charge at the entry out.
    pub(super) fn drop_entry(&mut self) {
        let bytes = self.entry.len() as u32;
        self.function.bytes.drain(self.entry.clone());
        // The first hint is the charge's own.
        self.function.hints.remove(0);
        for (offset, _) in &mut self.function.hints {
            *offset -= bytes;
        }
    }
}
