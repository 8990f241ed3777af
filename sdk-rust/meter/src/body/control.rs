//! Blocks and branches.

use alloc::vec::Vec;

use wasmparser::{BrTable, Catch, Operator};

use super::Writer;
use crate::{emit, flow::Label};

impl Writer<'_, '_, '_, '_> {
    /// Anything that is not a call, the head of a loop or a bulk instruction.
    pub(super) fn control(&mut self, op: &Operator<'_>, from: usize, to: usize) {
        use Operator as O;
        match op {
            O::Block { .. } | O::Try { .. } => self.open(Label::Block),
            O::If { .. } => self.open(Label::If),
            O::TryTable { try_table } => {
                for catch in &try_table.catches {
                    self.flow.catches_to(label_of(catch));
                }
                self.open(Label::Block);
            }
            O::Else => self.flow.otherwise(),
            O::Catch { .. } | O::CatchAll => self.flow.handler(),
            O::End if self.flow.is_in_loop() => self.turn(from, to),
            O::Delegate { .. } | O::End => {
                self.flow.close();
                self.targets.pop();
                self.height -= 1;
            }
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

    fn open(&mut self, label: Label) {
        self.flow.open(label);
        self.targets.push(self.height);
        self.height += 1;
    }

    /// The depth in the output of the label that has this depth in the source.
    fn moved(&self, depth: u32) -> u32 {
        let target = self.targets.iter().rev().nth(depth as usize);
        target.map_or(depth, |target| self.height - 1 - target)
    }

    fn branch(&mut self, depth: u32, opcode: u8, from: usize, to: usize) {
        let moved = self.moved(depth);
        if moved != depth {
            self.replace(from, to, |code| emit::indexed(code, opcode, moved));
        }
        self.flow.branch(depth);
    }

    fn branch_table(&mut self, targets: &BrTable<'_>, from: usize, to: usize) {
        if self.targets.len() as u32 != self.height {
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
}

fn label_of(catch: &Catch) -> u32 {
    match *catch {
        Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label } => label,
    }
}
