//! The cost of the dearest path to each point of a function since it was last charged.
//!
//! One walk from front to back is enough. A loop is charged for what its turns cost since its head; what was owed
//! when it was entered stays owed until it is left. So all that is needed of a back edge is known where it is.

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

/// Units owed at a point, on the dearest path to it. None where code cannot be reached, which is less than all others:
/// so the greater of two is what holds where paths meet.
type Owed = Option<u32>;

struct Frame {
    label: Label,
    /// Where an `if` begins, should its condition be false.
    skipped: Owed,
    /// At the label.
    at_label: Owed,
    /// What was owed when the innermost loop around was entered. Only what is owed beyond it can be charged here.
    floor: u32,
    /// Where copies of a loop's body, but the last, are left at their ends.
    left: Owed,
}

/// The state of the walk.
pub(crate) struct Flow {
    frames: Vec<Frame>,
    here: Owed,
    /// The most that is owed where the function is left or calls another one.
    exit: u32,
}

impl Flow {
    /// At the beginning of a function.
    pub(crate) fn new() -> Self {
        let function = Frame {
            label: Label::Function,
            skipped: None,
            at_label: None,
            floor: 0,
            left: None,
        };
        Flow {
            frames: alloc::vec![function],
            here: Some(0),
            exit: 0,
        }
    }

    /// Units owed at this point, in and around the innermost loop: 0 where code cannot be reached.
    pub(crate) fn owed(&self) -> u32 {
        self.here.unwrap_or(0)
    }

    /// Units that can be charged at this point: those that the innermost loop's turn owes.
    pub(crate) fn due(&self) -> u32 {
        self.owed().saturating_sub(self.floor())
    }

    /// The most that is owed where the function is left or calls another one.
    pub(crate) fn exit(&self) -> u32 {
        self.exit
    }

    /// The function has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn spend(&mut self, units: u32) {
        self.here = self.here.map(|owed| owed.saturating_add(units));
    }

    /// A call, which costs so much. What is owed by then stays owed while it lasts, once for each function that has
    /// called and not returned, and it is owed for ever if the call ends with an exception. So it counts as what is
    /// owed when the function is left: who pays for its entry pays for that, too.
    pub(crate) fn call(&mut self, units: u32) {
        self.spend(units);
        self.leave();
    }

    /// All that is due here has been charged.
    pub(crate) fn settle(&mut self) {
        self.here = self.here.map(|_| self.floor());
    }

    /// A block begins.
    pub(crate) fn open(&mut self, label: Label) {
        let floor = match label {
            Label::Loop => self.owed(),
            _ => self.floor(),
        };
        self.frames.push(Frame {
            label,
            skipped: self.here,
            at_label: None,
            floor,
            left: None,
        });
    }

    /// The `else` of an `if`.
    pub(crate) fn otherwise(&mut self) {
        let here = self.here;
        if let Some(frame) = self.frames.last_mut() {
            frame.at_label = frame.at_label.max(here);
            frame.label = Label::Block;
            self.here = frame.skipped;
        }
    }

    /// A handler of the legacy `try` begins.
    pub(crate) fn handler(&mut self) {
        let here = self.here;
        if let Some(frame) = self.frames.last_mut() {
            frame.at_label = frame.at_label.max(here);
        }
        self.here = Some(self.thrown());
    }

    /// An exception may go to the label at `depth`.
    pub(crate) fn catches_to(&mut self, depth: u32) {
        self.jump(depth, Some(self.thrown()));
    }

    fn thrown(&self) -> u32 {
        self.floor() + cost::HANDLER
    }

    /// A branch that may be taken.
    pub(crate) fn branch(&mut self, depth: u32) {
        self.jump(depth, self.here);
    }

    /// The function may be left here.
    pub(crate) fn leave(&mut self) {
        self.exit = self.exit.max(self.owed());
    }

    /// Code from here on cannot be reached.
    pub(crate) fn stop(&mut self) {
        self.here = None;
    }

    /// The innermost block is a loop: a copy of its body has ended, and the next one begins, where the branches to
    /// its head lead.
    pub(crate) fn next_copy(&mut self) {
        let here = self.here;
        if let Some(frame) = self.frames.last_mut() {
            frame.left = frame.left.max(here);
            self.here = frame.at_label.take();
        }
    }

    /// The `end` of a block or of the function. For a loop, answers what a turn owes at most by a branch to its head;
    /// none if nothing branches there.
    pub(crate) fn close(&mut self) -> Option<u32> {
        let frame = self.frames.pop()?;
        match frame.label {
            Label::Function => {
                self.leave();
                self.exit = self.exit.max(frame.at_label.unwrap_or(0));
            }
            Label::Loop => self.here = self.here.max(frame.left),
            Label::If => self.here = self.here.max(frame.at_label).max(frame.skipped),
            Label::Block => self.here = self.here.max(frame.at_label),
        }
        let turn = frame.at_label?.saturating_sub(frame.floor);
        (frame.label == Label::Loop).then_some(turn)
    }

    /// Whether the innermost block is a loop.
    pub(crate) fn is_in_loop(&self) -> bool {
        let innermost = self.frames.last();
        innermost.is_some_and(|frame| frame.label == Label::Loop)
    }

    fn floor(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.floor)
    }

    fn jump(&mut self, depth: u32, owed: Owed) {
        let target = self.frames.len().checked_sub(1 + depth as usize);
        if let Some(frame) = target.and_then(|target| self.frames.get_mut(target)) {
            frame.at_label = frame.at_label.max(owed);
        }
    }
}
