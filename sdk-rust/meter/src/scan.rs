//! Looks at every function before any is rewritten: which ones their callers can pay for, and which need
//! locals of their own for metering.

use alloc::vec::Vec;

use wasmparser::{FunctionBody, Operator};

use crate::{bulk::Bulk, cost, refusal::Refusal, survey::Survey};

/// How often functions that call paid-for functions only become paid-for themselves.
const ROUNDS: usize = 3;

/// What was seen of a function.
#[derive(Default)]
pub(crate) struct Function {
    /// The cost of the whole body, if its callers pay for the function: it then has no tick of its own.
    pub(crate) leaf: Option<u32>,
    /// For each loop, in order, whether it is tight: short, and without loops and calls inside.
    pub(crate) tight: Vec<bool>,
    /// It has an instruction that moves an unknown number of bytes.
    pub(crate) moves: bool,
}

/// What was seen of all functions.
pub(crate) struct Scan {
    pub(crate) functions: Vec<Function>,
    /// There are exception handlers.
    pub(crate) handlers: bool,
}

/// A function that may turn out to be a leaf.
struct Candidate {
    index: usize,
    cost: u32,
    callees: Vec<u32>,
}

impl Scan {
    pub(crate) fn new(survey: &Survey<'_>, bodies: &[FunctionBody<'_>]) -> Result<Self, Refusal> {
        let mut scan = Scan {
            functions: Vec::with_capacity(bodies.len()),
            handlers: false,
        };
        let mut candidates = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            let mut look = Look::default();
            let mut reader = body.get_operators_reader()?;
            while !reader.eof() {
                look.at(&reader.read()?);
            }
            scan.handlers |= look.handlers;
            if look.may_be_leaf() {
                candidates.push(Candidate {
                    index,
                    cost: look.cost,
                    callees: look.callees,
                });
            }
            scan.functions.push(Function {
                leaf: None,
                tight: look.tight,
                moves: look.moves,
            });
        }
        for _ in 0..ROUNDS {
            candidates.retain(|candidate| !scan.settle(survey, candidate));
        }
        Ok(scan)
    }

    /// What a call of a function costs its caller beyond the call itself, if it is a leaf.
    pub(crate) fn leaf(&self, defined: u32) -> Option<u32> {
        self.functions.get(defined as usize)?.leaf
    }

    /// Whether a loop of a function is tight.
    pub(crate) fn is_tight(&self, defined: usize, number: usize) -> bool {
        self.functions
            .get(defined)
            .and_then(|function| function.tight.get(number))
            .is_some_and(|tight| *tight)
    }

    /// Makes the candidate a leaf if all that it calls are, and it is cheap enough.
    fn settle(&mut self, survey: &Survey<'_>, candidate: &Candidate) -> bool {
        let mut sum = candidate.cost;
        for callee in &candidate.callees {
            let Some(defined) = callee.checked_sub(survey.imported_functions) else {
                return false;
            };
            let Some(cost) = self.leaf(defined) else {
                return false;
            };
            sum += cost + cost::CALL;
        }
        let function = survey.imported_functions + candidate.index as u32;
        let most = if survey.referenced.contains(&function) {
            cost::LEAF_MAX
        } else {
            cost::DIRECT_LEAF_MAX
        };
        let settled = sum <= most;
        if settled && let Some(function) = self.functions.get_mut(candidate.index) {
            function.leaf = Some(sum);
        }
        settled
    }
}

/// The look at one function.
#[derive(Default)]
struct Look {
    cost: u32,
    callees: Vec<u32>,
    disqualified: bool,
    tight: Vec<bool>,
    /// The open blocks: whether each is a loop.
    blocks: Vec<bool>,
    /// The open loops: which, and the cost of what came before.
    open: Vec<(usize, u32)>,
    moves: bool,
    handlers: bool,
}

impl Look {
    fn may_be_leaf(&self) -> bool {
        !self.disqualified && self.cost <= cost::DIRECT_LEAF_MAX && self.callees.len() <= 8
    }

    fn at(&mut self, op: &Operator<'_>) {
        use Operator as O;
        self.cost = self.cost.saturating_add(cost::weight(op));
        match op {
            O::Call { function_index } => {
                self.not_tight();
                if self.may_be_leaf() {
                    self.callees.push(*function_index);
                }
                return;
            }
            O::Block { .. } | O::If { .. } => return self.blocks.push(false),
            O::End | O::Delegate { .. } => return self.close(),
            O::Loop { blockty } => {
                self.not_tight();
                self.blocks.push(true);
                self.open.push((self.tight.len(), self.cost));
                self.tight
                    .push(!matches!(blockty, wasmparser::BlockType::FuncType(_)));
            }
            O::BrOnNull { .. }
            | O::BrOnNonNull { .. }
            | O::BrOnCast { .. }
            | O::BrOnCastFail { .. } => {
                self.not_tight();
                return;
            }
            O::Try { .. } | O::TryTable { .. } => {
                self.not_tight();
                self.blocks.push(false);
                self.handlers = true;
            }
            O::CallIndirect { .. }
            | O::CallRef { .. }
            | O::ReturnCall { .. }
            | O::ReturnCallIndirect { .. }
            | O::ReturnCallRef { .. }
            | O::Throw { .. }
            | O::ThrowRef
            | O::Rethrow { .. } => self.not_tight(),
            _ => match Bulk::of(op) {
                Some(bulk) => self.moves |= !matches!(bulk, Bulk::Grow(_) | Bulk::Array),
                None => return,
            },
        }
        self.disqualified = true;
    }

    /// The innermost open loop has something inside that ticks by itself, or may.
    fn not_tight(&mut self) {
        if let Some((innermost, _)) = self.open.last()
            && let Some(tight) = self.tight.get_mut(*innermost)
        {
            *tight = false;
        }
    }

    fn close(&mut self) {
        if self.blocks.pop() != Some(true) {
            return;
        }
        let Some((index, before)) = self.open.pop() else {
            return;
        };
        if self.cost - before > cost::TIGHT_MAX
            && let Some(tight) = self.tight.get_mut(index)
        {
            *tight = false;
        }
    }
}
