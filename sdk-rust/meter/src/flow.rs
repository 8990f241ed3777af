//! The cost of the dearest path to each point of a function since it was last charged.
//!
//! One walk from front to back is enough: only loops are entered from behind, and what a loop's back edges owe is
//! known at the loop's end, where the amount at its head is filled in.

use alloc::vec::Vec;

use crate::cost;

/// What a label belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Function,
    Loop,
    If,
    /// Any other block.
    Block,
}

struct Frame {
    label: Label,
    /// What is owed where an `if` begins, should its condition be false.
    skipped: Option<u32>,
    /// The most that is owed by a branch to the label; none if nothing branches there.
    owed: Option<u32>,
}

/// What [`Flow::close`] closed.
pub(crate) struct Closed {
    pub(crate) label: Label,
    /// The most that is owed by a branch to the label.
    pub(crate) owed: u32,
}

/// The state of the walk.
pub(crate) struct Flow {
    frames: Vec<Frame>,
    /// Owed here; none where code cannot be reached.
    owed: Option<u32>,
    /// The most that is owed where the function is left.
    exit: u32,
}

impl Flow {
    pub(crate) fn new() -> Self {
        let function = Frame {
            label: Label::Function,
            skipped: None,
            owed: None,
        };
        Flow {
            frames: alloc::vec![function],
            owed: Some(0),
            exit: 0,
        }
    }

    /// Units owed at this point: 0 where code cannot be reached.
    pub(crate) fn owed(&self) -> u32 {
        self.owed.unwrap_or(0)
    }

    /// The most that is owed where the function is left.
    pub(crate) fn exit(&self) -> u32 {
        self.exit
    }

    /// Open blocks.
    pub(crate) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The function has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn spend(&mut self, units: u32) {
        self.owed = self.owed.map(|owed| owed.saturating_add(units));
    }

    /// All that is owed here has been charged.
    pub(crate) fn settle(&mut self) {
        self.owed = self.owed.map(|_| 0);
    }

    /// A block begins.
    pub(crate) fn open(&mut self, label: Label) {
        self.frames.push(Frame {
            label,
            skipped: self.owed,
            owed: None,
        });
    }

    /// The `else` of an `if`.
    pub(crate) fn otherwise(&mut self) {
        let owed = self.owed;
        if let Some(frame) = self.frames.last_mut() {
            frame.owed = frame.owed.max(owed);
            frame.label = Label::Block;
            self.owed = frame.skipped;
        }
    }

    /// A handler of the legacy `try` begins.
    pub(crate) fn handler(&mut self) {
        let owed = self.owed;
        if let Some(frame) = self.frames.last_mut() {
            frame.owed = frame.owed.max(owed);
        }
        self.owed = Some(cost::HANDLER);
    }

    /// An exception may go to the label at `depth`.
    pub(crate) fn catches_to(&mut self, depth: u32) {
        self.jump(depth, Some(cost::HANDLER));
    }

    /// A branch that may be taken.
    pub(crate) fn branch(&mut self, depth: u32) {
        self.jump(depth, self.owed);
    }

    /// The function may be left here.
    pub(crate) fn leave(&mut self) {
        self.exit = self.exit.max(self.owed());
    }

    /// Code from here on cannot be reached.
    pub(crate) fn stop(&mut self) {
        self.owed = None;
    }

    /// The `end` of a block or of the function.
    pub(crate) fn close(&mut self) -> Option<Closed> {
        let frame = self.frames.pop()?;
        match frame.label {
            Label::Function => {
                self.leave();
                self.exit = self.exit.max(frame.owed.unwrap_or(0));
            }
            Label::Loop => {}
            Label::If => self.owed = self.owed.max(frame.owed).max(frame.skipped),
            Label::Block => self.owed = self.owed.max(frame.owed),
        }
        Some(Closed {
            label: frame.label,
            owed: frame.owed.unwrap_or(0),
        })
    }

    fn jump(&mut self, depth: u32, owed: Option<u32>) {
        let target = self.frames.len().checked_sub(1 + depth as usize);
        if let Some(frame) = target.and_then(|target| self.frames.get_mut(target)) {
            frame.owed = frame.owed.max(owed);
        }
    }
}
