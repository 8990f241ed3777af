//! Loops, and where they are charged.
//!
//! A loop is put into blocks that lead all that turns back to one place, where it is charged, so that who does not
//! turn does not pay:
//!
//! ```text
//! block $exit
//!   loop $head
//!     block $next … br $exit end     ;; the body, in which branches to the loop lead to $next
//!     block $next … br $exit end     ;; and again, if it is short
//!     ticks -= …; br_if $head (ticks >= 0)
//!     tick(); br $head
//!   end
//! end
//! ```
//!
//! V8 unrolls short loops itself, but none with a call inside.

use alloc::vec::Vec;

use wasmparser::Operator;

use super::{Hint, Writer};
use crate::{
    cost,
    emit::{self, Amount},
    flow::Label,
    scan::Turns,
};

/// A loop that is open.
pub(super) enum Turning<'b> {
    /// It is charged at its head; the amount is known at its end.
    AtHead(Amount),
    /// It is charged at its end.
    AtEnd(Body<'b>),
}

/// The body of a loop.
pub(super) struct Body<'b> {
    /// How many more copies of it there are to be.
    copies: u32,
    /// Where it begins in the source.
    from: usize,
    /// The hints of the source from there on.
    hints: &'b [Hint],
    /// If there are to be copies, the instructions so far, each with where it begins and ends in the source.
    instructions: Vec<(Operator<'b>, usize, usize)>,
}

impl<'b> Writer<'_, '_, '_, 'b> {
    /// The head of a loop, at `from`.
    pub(super) fn head(&mut self, from: usize, to: usize) {
        self.copy_to(from);
        if self.flow.owed() > cost::LOOP_DEBT_MAX {
            self.pay();
        }
        let turns = self.context.scan.turns(self.function, self.loops);
        self.loops += 1;
        self.flow.open(Label::Loop);
        self.last_constant = None;
        match turns {
            Turns::AtHead => {
                self.copy_to(to);
                let amount = self.charge();
                self.turning.push(Turning::AtHead(amount));
                self.targets.push(self.height);
                self.height += 1;
            }
            Turns::AtEnd { copies } => {
                let ty = self.source.get(from + 1..to).unwrap_or_default();
                emit::begin_loop(&mut self.code, ty);
                self.copied = to;
                self.turning.push(Turning::AtEnd(Body {
                    copies: copies - 1,
                    from: to,
                    hints: self.known_hints,
                    instructions: Vec::new(),
                }));
                self.targets.push(self.height + 2);
                self.height += 3;
            }
        }
    }

    /// Keeps an instruction, if it is in a loop whose body there is to be more than once.
    pub(super) fn keep(&mut self, op: &Operator<'b>, from: usize, to: usize) {
        if let Some(Turning::AtEnd(body)) = self.turning.last_mut()
            && body.copies > 0
        {
            body.instructions.push((op.clone(), from, to));
        }
    }

    /// The `end` of a loop, at `from`.
    pub(super) fn turn(&mut self, from: usize, to: usize) {
        match self.turning.pop() {
            Some(Turning::AtHead(amount)) => {
                let turn = self.flow.close();
                amount.fill(&mut self.code, cost::ticks(turn.unwrap_or(0)).max(1));
                self.height -= 1;
            }
            Some(Turning::AtEnd(mut body)) => {
                // Its own end.
                body.instructions.pop();
                self.copy_to(from);
                emit::end_copy(&mut self.code);
                for _ in 0..body.copies {
                    self.again(&body);
                    self.copy_to(from);
                    emit::end_copy(&mut self.code);
                }
                self.copied = to;
                if let Some(turn) = self.flow.close() {
                    let ticks = cost::ticks(turn).max(1);
                    let branch = emit::turn(&mut self.code, &mut self.context.added, ticks);
                    self.hints.push((branch as u32, true));
                }
                emit::end_loop(&mut self.code);
                self.height -= 3;
            }
            None => {}
        }
        self.targets.pop();
    }

    fn again(&mut self, body: &Body<'b>) {
        self.flow.next_copy();
        emit::begin_copy(&mut self.code);
        self.copied = body.from;
        self.known_hints = body.hints;
        self.last_constant = None;
        for (op, from, to) in &body.instructions {
            self.instruction(op, *from, *to);
        }
    }
}
