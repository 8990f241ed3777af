//! Blocks, loops and branches.

use alloc::vec::Vec;

use wasmparser::{BrTable, Catch, Operator};

use super::Writer;
use crate::{cost, emit, flow::Label};

impl Writer<'_, '_, '_, '_> {
    /// The head of a loop, at `from`.
    pub(super) fn head(&mut self, from: usize, to: usize) {
        let owed = self.flow.owed();
        self.copy_to(from);
        let tight = self.context.scan.is_tight(self.function, self.loops);
        self.loops += 1;
        let purse = self.locals.purse.filter(|_| tight);
        if owed > cost::TICK {
            // What was owed before the loop is not to be paid with each turn.
            match purse {
                Some(purse) => {
                    emit::charge_purse_unchecked(&mut self.code, purse, cost::ticks(owed))
                }
                None => {
                    emit::charge_unchecked(&mut self.code, &self.context.added, cost::ticks(owed))
                }
            }
        }
        if purse.is_some() {
            emit::begin_tight(
                &mut self.code,
                self.source.get(from + 1..to).unwrap_or_default(),
            );
        }
        self.copy_to(to);
        let (amount, branch) = match purse {
            Some(purse) => emit::charge_purse(&mut self.code, purse),
            None => emit::charge(&mut self.code, &mut self.context.added),
        };
        self.hints.push((branch as u32, false));
        self.heads.push(amount);
        self.flow.open(Label::Loop);
        self.flow.settle();
        self.tight = purse.map(|_| self.flow.depth());
        self.last_constant = None;
    }

    /// Anything that is not a call, a loop or a bulk instruction.
    pub(super) fn control(&mut self, op: &Operator<'_>, from: usize, to: usize) {
        use Operator as O;
        match op {
            O::Block { .. } | O::Try { .. } => self.flow.open(Label::Block),
            O::If { .. } => self.flow.open(Label::If),
            O::TryTable { try_table } => {
                for catch in &try_table.catches {
                    self.flow.catches_to(label_of(catch));
                }
                self.flow.open(Label::Block);
            }
            O::Else => self.flow.otherwise(),
            O::Catch { .. } | O::CatchAll => self.flow.handler(),
            O::Delegate { .. } | O::End => self.close(to),
            O::Br { relative_depth } => {
                self.branch(*relative_depth, 0x0c, from, to);
                self.flow.stop();
            }
            O::BrIf { relative_depth } => self.branch(*relative_depth, 0x0d, from, to),
            O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::BrOnCast { relative_depth, .. }
            | O::BrOnCastFail { relative_depth, .. } => self.flow.branch(*relative_depth),
            O::BrTable { targets } => self.branch_table(targets, from, to),
            O::Return | O::Throw { .. } | O::ThrowRef | O::Rethrow { .. } => self.end_path(),
            O::Unreachable => self.flow.stop(),
            _ => {}
        }
    }

    /// A branch that leaves a tight loop passes the blocks that were put around it.
    fn moved(&self, depth: u32) -> u32 {
        let leaves = self
            .tight
            .is_some_and(|loop_at| depth as usize > self.flow.depth() - loop_at);
        if leaves {
            depth + emit::TIGHT_BLOCKS
        } else {
            depth
        }
    }

    fn branch(&mut self, depth: u32, opcode: u8, from: usize, to: usize) {
        let moved = self.moved(depth);
        if moved != depth {
            self.replace(from, to, |code| emit::indexed(code, opcode, moved));
        }
        self.flow.branch(depth);
    }

    fn branch_table(&mut self, targets: &BrTable<'_>, from: usize, to: usize) {
        if self.tight.is_some() {
            let moved: Vec<u32> = targets
                .targets()
                .flatten()
                .map(|depth| self.moved(depth))
                .collect();
            let default = self.moved(targets.default());
            self.replace(from, to, |code| emit::branch_table(code, moved, default));
        }
        self.flow.branch(targets.default());
        for target in targets.targets().flatten() {
            self.flow.branch(target);
        }
        self.flow.stop();
    }

    fn close(&mut self, to: usize) {
        let Some(closed) = self.flow.close() else {
            return;
        };
        if closed.label != Label::Loop {
            return;
        }
        if let Some(amount) = self.heads.pop() {
            amount.fill(&mut self.code, cost::ticks(closed.owed).max(1));
        }
        // A tight loop has no loops inside: the one that ends is it.
        if let (Some(_), Some(purse)) = (self.tight.take(), self.locals.purse) {
            self.copy_to(to);
            emit::end_tight(&mut self.code, &mut self.context.added, purse);
        }
    }
}

fn label_of(catch: &Catch) -> u32 {
    match *catch {
        Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label } => label,
    }
}
