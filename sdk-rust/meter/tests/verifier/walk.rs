//! The walk over one function. One from front to back is enough: what is true where a loop begins stays true when it
//! turns, or the loop is at fault.

use wasmparser::{Catch, Operator};

use super::{
    DEBT, Found, UNKNOWN_CALL,
    module::{Code, Step},
};

/// Units that a tick pays for.
const TICK: i64 = 16;

/// What holds at a point, on every path to it.
#[derive(Clone, Copy)]
struct State {
    /// Units owed at most; less than none where it was paid in advance.
    owed: i64,
    /// The outermost of what may have begun without a charge since: 0 is the function, then its loops inwards.
    open: usize,
}

/// Nothing began without a charge since.
const CLOSED: usize = usize::MAX;

/// On either of two paths.
fn either(left: Option<State>, right: Option<State>) -> Option<State> {
    match (left, right) {
        (Some(left), Some(right)) => Some(State {
            owed: left.owed.max(right.owed),
            open: left.open.min(right.open),
        }),
        (one, other) => one.or(other),
    }
}

struct Frame {
    /// Loops around it and itself.
    depth: usize,
    is_loop: bool,
    /// At its beginning.
    begin: Option<State>,
    /// At its label.
    label: Option<State>,
    /// An `if` without an `else` so far.
    may_skip: bool,
    /// Labels that exceptions go to, and the most that is owed where one may be thrown.
    catches: Vec<usize>,
    thrown: i64,
}

struct Walk<'w, 'a> {
    code: &'w Code<'a>,
    costs: &'w [i64],
    frames: Vec<Frame>,
    state: Option<State>,
    found: Found,
}

/// Walks over a function, given what those cost that it calls.
pub(super) fn walk(code: &Code<'_>, function: u32, costs: &[i64]) -> Result<Found, String> {
    let mut walk = Walk {
        code,
        costs,
        frames: Vec::new(),
        state: Some(State { owed: 0, open: 0 }),
        found: Found {
            cost: i64::MIN,
            ..Found::default()
        },
    };
    walk.open(false);
    for (at, step) in code.bodies[function as usize].iter().enumerate() {
        walk.step(step)
            .map_err(|fault| format!("step {at} ({step:?}): {fault}"))?;
    }
    Ok(walk.found)
}

impl Walk<'_, '_> {
    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let op = match step {
            Step::Op(op) => op,
            Step::Charge(ticks) => {
                self.found.charges += 1;
                if let Some(state) = &mut self.state {
                    state.owed -= i64::from(*ticks) * TICK;
                    state.open = CLOSED;
                }
                return Ok(());
            }
        };
        if let Some(state) = &mut self.state {
            state.owed += i64::from(is_work(op));
            if state.owed > DEBT {
                return Err(format!("{} units are owed", state.owed));
            }
        }
        self.op(op)
    }

    fn op(&mut self, op: &Operator<'_>) -> Result<(), String> {
        use Operator as O;
        match op {
            O::Block { .. } | O::Try { .. } => self.open(false),
            O::Loop { .. } => self.open(true),
            O::If { .. } => {
                self.open(false);
                self.top().may_skip = true;
            }
            O::TryTable { try_table } => {
                let height = self.frames.len();
                let catches = try_table
                    .catches
                    .iter()
                    .map(|catch| height - 1 - label(catch));
                let catches = catches.collect();
                self.open(false);
                self.top().catches = catches;
            }
            O::Else => {
                let state = self.state;
                self.top().label = either(self.top().label, state);
                self.top().may_skip = false;
                self.state = self.top().begin;
            }
            O::Catch { .. } | O::CatchAll => {
                let state = self.state;
                self.top().label = either(self.top().label, state);
                let thrown = self.top().thrown;
                self.state = self.top().begin.map(|begin| State {
                    owed: begin.owed.max(thrown),
                    ..begin
                });
            }
            O::End | O::Delegate { .. } => return self.close(),
            O::Br { relative_depth } => {
                self.branch(*relative_depth)?;
                self.state = None;
            }
            O::BrIf { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::BrOnCast { relative_depth, .. }
            | O::BrOnCastFail { relative_depth, .. } => self.branch(*relative_depth)?,
            O::BrTable { targets } => {
                for target in targets.targets().chain([Ok(targets.default())]) {
                    self.branch(target.expect("it is valid"))?;
                }
                self.state = None;
            }
            O::Call { function_index } => self.call(*function_index),
            O::CallIndirect { .. } | O::CallRef { .. } => self.call_somebody(),
            O::ReturnCall { function_index } => {
                self.call(*function_index);
                self.leave();
            }
            O::ReturnCallIndirect { .. } | O::ReturnCallRef { .. } => {
                self.call_somebody();
                self.leave();
            }
            O::Return => self.leave(),
            O::Throw { .. } | O::ThrowRef | O::Rethrow { .. } => {
                self.may_be_left();
                self.leave();
            }
            O::Unreachable => self.state = None,
            _ => {}
        }
        Ok(())
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a block is open")
    }

    fn depth(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.depth)
    }

    fn open(&mut self, is_loop: bool) {
        let depth = self.depth() + usize::from(is_loop);
        if let (true, Some(state)) = (is_loop, &mut self.state) {
            state.open = state.open.min(depth);
        }
        self.frames.push(Frame {
            depth,
            is_loop,
            begin: self.state,
            label: None,
            may_skip: false,
            catches: Vec::new(),
            thrown: i64::MIN,
        });
    }

    fn close(&mut self) -> Result<(), String> {
        let frame = self.frames.pop().expect("a block is open");
        if !frame.is_loop {
            self.state = either(self.state, frame.label);
        }
        if frame.may_skip {
            self.state = either(self.state, frame.begin);
        }
        for catch in &frame.catches {
            let thrown = frame.begin.map(|begin| State {
                owed: begin.owed.max(frame.thrown),
                ..begin
            });
            self.jump(*catch, thrown)?;
        }
        match self.frames.last_mut() {
            Some(outer) => {
                outer.thrown = outer.thrown.max(frame.thrown);
                let depth = outer.depth;
                self.state = self.state.map(|state| outside(state, depth));
            }
            None => self.leave(),
        }
        Ok(())
    }

    fn branch(&mut self, depth: u32) -> Result<(), String> {
        self.jump(self.frames.len() - 1 - depth as usize, self.state)
    }

    fn jump(&mut self, target: usize, state: Option<State>) -> Result<(), String> {
        let Some(state) = state else {
            return Ok(());
        };
        let frame = &mut self.frames[target];
        if !frame.is_loop {
            frame.label = either(frame.label, Some(outside(state, frame.depth)));
            return Ok(());
        }
        self.found.turns += 1;
        if state.open <= frame.depth {
            return Err("a loop turns uncharged".into());
        }
        let begin = frame.begin.map_or(i64::MAX, |begin| begin.owed);
        if state.owed > begin {
            return Err(format!("a turn owes {}", state.owed - begin));
        }
        Ok(())
    }

    fn call(&mut self, function: u32) {
        if self.code.is_meter(function) {
            return;
        }
        let Some(defined) = self.code.defined(function) else {
            return self.call_somebody();
        };
        self.called(Some(defined), self.costs[defined as usize]);
    }

    fn call_somebody(&mut self) {
        self.called(None, UNKNOWN_CALL);
    }

    fn called(&mut self, whom: Option<u32>, cost: i64) {
        let Some(state) = &mut self.state else {
            return;
        };
        state.owed += cost;
        if state.open == 0 {
            self.found.reached.insert(whom);
        }
        self.may_be_left();
    }

    /// Others go on from here, and perhaps an exception does: to a handler here, or to the caller's.
    fn may_be_left(&mut self) {
        if let Some(state) = self.state {
            self.top().thrown = self.top().thrown.max(state.owed);
            self.found.cost = self.found.cost.max(state.owed);
        }
    }

    fn leave(&mut self) {
        if let Some(state) = self.state.take() {
            self.found.cost = self.found.cost.max(state.owed);
        }
    }
}

/// The state outside of the loops that are deeper.
fn outside(state: State, depth: usize) -> State {
    let open = if state.open > depth {
        CLOSED
    } else {
        state.open
    };
    State { open, ..state }
}

/// Blocks, and jumps to where their ends are, are none.
fn is_work(op: &Operator<'_>) -> bool {
    use Operator as O;
    !matches!(op, O::Block { .. } | O::Loop { .. } | O::End | O::Br { .. })
}

fn label(catch: &Catch) -> usize {
    match *catch {
        Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label } => label as usize,
    }
}
