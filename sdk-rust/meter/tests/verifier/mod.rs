//! Proves of a rewritten module that nothing in it goes on unmetered. It knows how a charge looks and nothing of how
//! the rewriter came to put it where it is.
//!
//! Two things are shown of every function, with one walk over its instructions. **Every cycle is cut**: no loop turns
//! without passing a charge, and no function comes back to itself by calls without passing one. **Every path is
//! paid**: with each instruction at one unit, a turn of a loop is charged at least what it costs, and what a function
//! owes when it is left, or when it calls another, is paid when it is entered, by itself or by its callers. So what all
//! functions owe together that have called and not returned is paid, however many they are.

mod module;
mod walk;

use std::collections::BTreeSet;

use module::Code;

/// What functions that anybody may call cost at most; a call of somebody is taken to cost as much.
const UNKNOWN_CALL: i64 = 512;
/// The most that is owed anywhere.
const DEBT: i64 = 8192;

/// What a proof rests on, to see that it is about something.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    pub(crate) functions: usize,
    pub(crate) charges: usize,
    pub(crate) turns: usize,
}

/// What a walk over one function has found.
#[derive(Default)]
struct Found {
    /// Owed at most where the function is left or calls another one, that one's cost included.
    cost: i64,
    /// Called without a charge since the function was entered: a defined function, or none for somebody.
    reached: BTreeSet<Option<u32>>,
    charges: usize,
    turns: usize,
}

/// Proves it, or says what is wrong and where.
pub(crate) fn verify(module: &[u8]) -> Result<Proof, String> {
    let code = Code::new(module);
    let order = order(&code)?;
    // What calls of each function cost; nothing, if it pays.
    let mut costs = vec![0; code.bodies.len()];
    let mut reached = vec![BTreeSet::new(); code.bodies.len()];
    let mut proof = Proof::default();
    for function in order {
        let at = |fault: String| format!("function {function}: {fault}");
        let found = walk::walk(&code, function, &costs).map_err(at)?;
        let cost = found.cost.max(0);
        if code.pays(function) && cost > 0 {
            return Err(at(format!("pays, and costs {cost} more")));
        }
        if code.referenced.contains(&function) && cost > UNKNOWN_CALL {
            return Err(at(format!("anybody may call it, and it costs {cost}")));
        }
        costs[function as usize] = cost;
        reached[function as usize] = found.reached;
        proof.charges += found.charges;
        proof.turns += found.turns;
        proof.functions += 1;
    }
    acyclic(&code, &reached)?;
    Ok(proof)
}

/// All functions, callees first; but those that pay when they are entered need not be known.
fn order(code: &Code<'_>) -> Result<Vec<u32>, String> {
    let mut order = Vec::new();
    let mut back = None;
    let callees = |function: u32| {
        let callees = code.callees(function).into_iter();
        callees.filter(|callee| !code.pays(*callee)).collect()
    };
    let every = 0..code.bodies.len() as u32;
    depth_first(every, callees, |step| match step {
        Step::Back(function) => back = Some(function),
        Step::Done(function) => order.push(function),
    });
    back.map_or(Ok(order), comes_back)
}

fn comes_back<T>(function: u32) -> Result<T, String> {
    Err(format!(
        "function {function} comes back to itself uncharged"
    ))
}

/// Somebody may call whoever is referenced.
fn acyclic(code: &Code<'_>, reached: &[BTreeSet<Option<u32>>]) -> Result<(), String> {
    let somebody = reached.len() as u32;
    let next = |function: u32| match reached.get(function as usize) {
        Some(callees) => callees.iter().map(|c| c.unwrap_or(somebody)).collect(),
        None => code.referenced.iter().copied().collect(),
    };
    let mut back = None;
    depth_first(0..=somebody, next, |step| {
        if let Step::Back(function) = step {
            back = Some(function);
        }
    });
    back.map_or(Ok(()), comes_back)
}

enum Step {
    /// The walk came to what it had not left yet.
    Back(u32),
    Done(u32),
}

fn depth_first(
    starts: impl Iterator<Item = u32>,
    next: impl Fn(u32) -> Vec<u32>,
    mut step: impl FnMut(Step),
) {
    let (mut open, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for start in starts {
        let mut way = if seen.insert(start) {
            open.insert(start);
            vec![(start, next(start))]
        } else {
            continue;
        };
        while let Some((node, rest)) = way.last_mut() {
            let node = *node;
            match rest.pop() {
                Some(to) if open.contains(&to) => step(Step::Back(to)),
                Some(to) if seen.insert(to) => {
                    open.insert(to);
                    way.push((to, next(to)));
                }
                Some(_) => {}
                None => {
                    open.remove(&node);
                    step(Step::Done(node));
                    way.pop();
                }
            }
        }
    }
}
