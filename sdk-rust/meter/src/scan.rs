//! Looks at every function before any is rewritten: whom it calls, and how its loops can be charged.

use alloc::vec::Vec;

use wasmparser::{FunctionBody, Operator};

use crate::{bulk::Bulk, cost, refusal::Refusal, survey::Survey};

/// How a loop is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turns {
    /// With each turn, at its head: it has parameters, or branches inside that cannot be led elsewhere.
    AtHead,
    /// Where it turns back, once in so many turns: its body is there as often.
    AtEnd { copies: u32 },
}

/// What was seen of a function.
#[derive(Default)]
pub(crate) struct Function {
    /// The functions of this module that it calls directly, by their indices without imports, each once.
    pub(crate) callees: Vec<u32>,
    /// How its loops are charged, in order.
    pub(crate) loops: Vec<Turns>,
    /// It has an instruction that moves an unknown number of bytes.
    pub(crate) moves: bool,
}

/// What was seen of all functions.
pub(crate) struct Scan {
    pub(crate) functions: Vec<Function>,
}

impl Scan {
    pub(crate) fn new(survey: &Survey<'_>, bodies: &[FunctionBody<'_>]) -> Result<Self, Refusal> {
        let mut scan = Scan {
            functions: Vec::with_capacity(bodies.len()),
        };
        let mut room = cost::ALL_COPIES_BYTES;
        for body in bodies {
            let mut look = Look {
                room,
                ..Look::default()
            };
            let mut reader = body.get_operators_reader()?;
            while !reader.eof() {
                let from = reader.original_position();
                look.at(&reader.read()?, from, survey.imported_functions);
            }
            room = look.room;
            look.function.callees.sort_unstable();
            look.function.callees.dedup();
            look.function.callees.shrink_to_fit();
            scan.functions.push(look.function);
        }
        Ok(scan)
    }

    /// How a loop of a function is charged.
    pub(crate) fn turns(&self, defined: usize, number: usize) -> Turns {
        let function = self.functions.get(defined);
        let seen = function.and_then(|function| function.loops.get(number));
        seen.copied().unwrap_or(Turns::AtHead)
    }
}

/// A loop that is open.
struct Open {
    index: usize,
    /// How many instructions came before its own, and where it begins.
    before: u32,
    from: u64,
    /// Nothing inside takes long by itself: no loop, no call that returns, nothing that moves many bytes.
    short: bool,
    /// Its head is the target of branches only that can be led elsewhere.
    plain: bool,
}

/// The look at one function.
#[derive(Default)]
struct Look {
    function: Function,
    instructions: u32,
    /// The open blocks: whether each is a loop.
    blocks: Vec<bool>,
    open: Vec<Open>,
    /// The instruction before was a call. It matters only if it returns.
    called: bool,
    /// Bytes that the module's copies may still take.
    room: u64,
}

impl Look {
    fn at(&mut self, op: &Operator<'_>, from: u64, imported_functions: u32) {
        use Operator as O;
        self.instructions += 1;
        if self.called && !matches!(op, O::Unreachable) {
            self.not_short();
        }
        self.called = false;
        match op {
            O::Call { function_index } | O::ReturnCall { function_index } => {
                let defined = function_index.checked_sub(imported_functions);
                self.function.callees.extend(defined);
                self.called = true;
            }
            O::CallIndirect { .. }
            | O::CallRef { .. }
            | O::ReturnCallIndirect { .. }
            | O::ReturnCallRef { .. } => self.called = true,
            O::Block { .. } | O::If { .. } => self.blocks.push(false),
            O::Try { .. } | O::TryTable { .. } => {
                self.not_plain();
                self.blocks.push(false);
            }
            O::Loop { blockty } => self.open(blockty, from),
            O::End | O::Delegate { .. } => self.close(from),
            O::BrOnNull { .. }
            | O::BrOnNonNull { .. }
            | O::BrOnCast { .. }
            | O::BrOnCastFail { .. }
            | O::Rethrow { .. } => self.not_plain(),
            _ => {
                if let Some(bulk) = Bulk::of(op) {
                    self.not_short();
                    self.function.moves |= !matches!(bulk, Bulk::Grow(_) | Bulk::Array);
                }
            }
        }
    }

    fn open(&mut self, ty: &wasmparser::BlockType, from: u64) {
        self.not_short();
        self.blocks.push(true);
        self.open.push(Open {
            index: self.function.loops.len(),
            before: self.instructions,
            from,
            short: true,
            plain: !matches!(ty, wasmparser::BlockType::FuncType(_)),
        });
        self.function.loops.push(Turns::AtHead);
    }

    fn not_short(&mut self) {
        if let Some(innermost) = self.open.last_mut() {
            innermost.short = false;
        }
    }

    /// A loop that cannot be put into blocks keeps those around it from that, too.
    fn not_plain(&mut self) {
        if let Some(innermost) = self.open.last_mut() {
            innermost.plain = false;
        }
    }

    fn close(&mut self, at: u64) {
        if self.blocks.pop() != Some(true) {
            return;
        }
        let Some(open) = self.open.pop() else {
            return;
        };
        if !open.plain {
            self.not_plain();
        }
        let bytes = at - open.from;
        let copies = cost::copies(self.instructions - open.before, bytes);
        let more = bytes * u64::from(copies - 1);
        let copies = if open.short && open.plain && more <= self.room {
            self.room -= more;
            copies
        } else {
            1
        };
        let turns = if open.plain {
            Turns::AtEnd { copies }
        } else {
            Turns::AtHead
        };
        if let Some(seen) = self.function.loops.get_mut(open.index) {
            *seen = turns;
        }
    }
}
