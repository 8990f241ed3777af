#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod assemble;
mod audit;
mod body;
mod bulk;
mod caps;
mod chunks;
mod cost;
mod custom;
mod emit;
mod flow;
mod generate;
mod helpers;
mod limits;
mod locals;
pub mod names;
mod order;
mod refusal;
mod report;
mod scan;
mod sections;
mod survey;
mod types;

use alloc::vec::Vec;

pub use generate::{REFILL_END, REFILL_YIELD};
pub use limits::Limits;
pub use refusal::Refusal;
pub use report::{Global, Memory, Report, Table};

use assemble::Code;
use body::Context;
use order::Order;
use scan::Scan;
use sections::Sections;
use survey::Survey;

/// A metered module.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The module, in the binary format.
    pub module: Vec<u8>,
    /// What its host has to know.
    pub report: Report,
}

/// Rewrites a core module. It stays valid and computes the same; it never runs for long without asking its host.
///
/// # Errors
/// When the module is invalid, uses what V8 or this rewriter does not support, or needs more than its limits.
pub fn rewrite(module: &[u8], limits: &Limits) -> Result<Rewritten, Refusal> {
    let survey = Survey::new(module, limits)?;
    let bodies = survey.bodies()?;
    let scan = Scan::new(&survey, &bodies)?;
    let order = Order::new(&scan);
    let mut context = Context::new(&survey, scan, order.entries(), limits.gc);
    let code = second_pass(&mut context, &order, &bodies)?;
    let Context {
        added,
        mut audit,
        scan,
        entries,
        ..
    } = context;
    let copier = Sections {
        added: &added,
        audit: &mut audit,
        limits,
    };
    let module = assemble::assemble(&survey, &code, copier)?;
    let mut report = audit.report(&survey, limits);
    report.functions = survey.functions.len() as u32;
    report.leaves = entries.paid() as u32;
    report.loops = scan
        .functions
        .iter()
        .map(|function| function.loops.len() as u32)
        .sum();
    Ok(Rewritten { module, report })
}

/// Rewrites all functions, then writes the helpers that they turned out to need.
fn second_pass(
    context: &mut Context<'_, '_>,
    order: &Order,
    bodies: &[wasmparser::FunctionBody<'_>],
) -> Result<Code, Refusal> {
    let import_types = sections::import_types(&mut context.added);
    let known = custom::branch_hints(context.survey);
    let mut rewritten = Vec::new();
    rewritten.resize_with(bodies.len(), body::Rewritten::default);
    for index in &order.functions {
        let at = *index as usize;
        let (Some(body), Some(place)) = (bodies.get(at), rewritten.get_mut(at)) else {
            continue;
        };
        let function = context.survey.imported_functions + index;
        let own = known.get(&function).map_or(&[][..], Vec::as_slice);
        *place = body::rewrite(context, at, order.must_tick(*index), body, own)?;
    }
    let mut hints = wasm_encoder::BranchHints::new();
    for (function, body) in (context.survey.imported_functions..).zip(&rewritten) {
        if !body.hints.is_empty() {
            custom::add_hints(&mut hints, &context.added, function, &body.hints);
        }
    }
    sections::need_bits(context.survey, &mut context.added);
    let mut helpers = Vec::new();
    while let Some(helper) = context.added.helper_at(helpers.len()) {
        helpers.push(generate::helper(helper, context.survey, &mut context.added));
    }
    Ok(Code {
        bodies: rewritten.into_iter().map(|body| body.bytes).collect(),
        helpers,
        import_types,
        hints,
    })
}
