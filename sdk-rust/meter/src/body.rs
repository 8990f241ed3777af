//! The second pass over a function: copies its instructions and puts charges between them.

mod bulks;
mod calls;
mod control;
mod turns;
mod written;

use alloc::{format, vec::Vec};

use wasmparser::{FunctionBody, Operator};

use written::Written;

use crate::{
    audit::Audit,
    bulk::Bulk,
    cost,
    emit::{self, Amount},
    flow::Flow,
    helpers::Added,
    limits,
    locals::Locals,
    order::Entries,
    refusal::Refusal,
    scan::Scan,
    survey::Survey,
};

/// What the rewriting of all functions shares.
pub(crate) struct Context<'s, 'a> {
    pub(crate) survey: &'s Survey<'a>,
    pub(crate) added: Added,
    pub(crate) audit: Audit,
    pub(crate) scan: Scan,
    pub(crate) entries: Entries,
}

impl<'s, 'a> Context<'s, 'a> {
    pub(crate) fn new(survey: &'s Survey<'a>, scan: Scan, entries: Entries, gc: bool) -> Self {
        Context {
            survey,
            added: Added::new(survey),
            audit: Audit::new(gc),
            scan,
            entries,
        }
    }
}

/// A branch hint: the offset in the body, and whether the branch is likely.
pub(crate) type Hint = (u32, bool);

/// A rewritten function.
#[derive(Default)]
pub(crate) struct Rewritten {
    /// The body, with its locals, without its size.
    pub(crate) bytes: Vec<u8>,
    pub(crate) hints: Vec<Hint>,
}

/// Rewrites the defined function `index`, whose own branch hints are given, and takes note of who pays for its entry.
/// What it calls directly was rewritten before, or ticks.
pub(crate) fn rewrite(
    context: &mut Context<'_, '_>,
    index: usize,
    must_tick: bool,
    body: &FunctionBody<'_>,
    hints: &[Hint],
) -> Result<Rewritten, Refusal> {
    let mut written = write(context, index, body, hints)?;
    if must_tick || written.cost > cost::PAID_MAX {
        written.fill_entry();
    } else {
        written.drop_entry();
        context.entries.set(index as u32, written.cost);
    }
    Ok(written.function)
}

fn write(
    context: &mut Context<'_, '_>,
    index: usize,
    body: &FunctionBody<'_>,
    hints: &[Hint],
) -> Result<Written, Refusal> {
    let locals = Locals::new(context, index, body)?;
    let mut reader = body.get_operators_reader()?;
    let start = body.range().start;
    let mut writer = Writer {
        context,
        source: body.as_bytes(),
        copied: (reader.original_position() - start) as usize,
        code: Vec::with_capacity(body.as_bytes().len() * 5 / 4),
        flow: Flow::new(),
        targets: alloc::vec![0],
        height: 1,
        turning: Vec::new(),
        last_constant: None,
        hints: Vec::new(),
        known_hints: hints,
        locals,
        function: index,
        loops: 0,
    };
    writer
        .locals
        .declare(writer.source, writer.copied, &mut writer.code);
    let from = writer.code.len();
    let amount = writer.charge();
    let entry = from..writer.code.len();
    while !reader.eof() {
        let from = (reader.original_position() - start) as usize;
        let op = reader.read()?;
        let to = (reader.original_position() - start) as usize;
        writer.context.audit.see(&op, start + from as u64)?;
        writer.keep(&op, from, to);
        writer.instruction(&op, from, to);
        if writer.code.len() > limits::MAX_BODY_BYTES {
            return Err(Refusal::at(
                start,
                format!("function {index} grows beyond V8's limit when it is metered"),
            ));
        }
    }
    writer.copy_to(writer.source.len());
    Ok(Written {
        entry,
        amount,
        cost: writer.flow.exit(),
        function: Rewritten {
            bytes: writer.code,
            hints: writer.hints,
        },
    })
}

struct Writer<'w, 's, 'a, 'b> {
    context: &'w mut Context<'s, 'a>,
    source: &'b [u8],
    /// How much of the source has been copied or replaced.
    copied: usize,
    code: Vec<u8>,
    flow: Flow,
    /// For each open block of the source, which block of the output its label stands for, counted from outside.
    targets: Vec<u32>,
    /// Open blocks of the output.
    height: u32,
    /// The loops that are open.
    turning: Vec<turns::Turning<'b>>,
    /// The value of the instruction before, if it is a constant.
    last_constant: Option<i64>,
    hints: Vec<Hint>,
    /// Hints of the source that were not passed yet.
    known_hints: &'b [Hint],
    locals: Locals,
    /// The function's index without imports, and how many of its loops were passed.
    function: usize,
    loops: usize,
}

impl Writer<'_, '_, '_, '_> {
    fn copy_to(&mut self, to: usize) {
        if let Some(bytes) = self.source.get(self.copied..to) {
            self.code.extend_from_slice(bytes);
        }
        self.copied = to;
    }

    /// The instruction from `from` to `to` in the source; all before `from` was copied or is still to be copied.
    fn instruction(&mut self, op: &Operator<'_>, from: usize, to: usize) {
        use Operator as O;
        self.keep_hint(from);
        self.flow.spend(cost::weight(op));
        match op {
            O::Loop { .. } => return self.head(from, to),
            O::Call { function_index } => self.call(*function_index, 0x10, from, to),
            O::ReturnCall { function_index } => {
                self.call(*function_index, 0x12, from, to);
                self.end_path();
            }
            O::RefFunc { function_index } => {
                let index = self.context.added.function(*function_index);
                self.replace(from, to, |code| emit::indexed(code, 0xd2, index));
            }
            O::CallIndirect { .. } | O::CallRef { .. } => self.flow.call(cost::INDIRECT_CALL),
            O::ReturnCallIndirect { .. } | O::ReturnCallRef { .. } => {
                self.flow.call(cost::INDIRECT_CALL);
                self.end_path();
            }
            _ => match Bulk::of(op) {
                Some(bulk) => self.bulk(bulk, from, to),
                None => self.control(op, from, to),
            },
        }
        self.last_constant = match op {
            O::I32Const { value } => Some(i64::from(*value)),
            O::I64Const { value } => Some(*value),
            _ => None,
        };
        if self.flow.due() > cost::DEBT_MAX && !self.flow.is_over() {
            self.copy_to(to);
            self.pay();
        }
    }

    /// Moves a hint of the source to where its instruction went.
    fn keep_hint(&mut self, from: usize) {
        while let Some(((offset, likely), rest)) = self.known_hints.split_first() {
            if *offset as usize > from {
                return;
            }
            if *offset as usize == from {
                let offset = self.code.len() + (from - self.copied);
                self.hints.push((offset as u32, *likely));
            }
            self.known_hints = rest;
        }
    }

    fn replace(&mut self, from: usize, to: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.copy_to(from);
        write(&mut self.code);
        self.copied = to;
    }

    /// Charges here; the amount is to be filled in.
    fn charge(&mut self) -> Amount {
        let (amount, branch) = emit::charge(&mut self.code, &mut self.context.added);
        self.hints.push((branch as u32, false));
        amount
    }

    /// Charges here what is due.
    fn pay(&mut self) {
        let due = cost::ticks(self.flow.due()).max(1);
        self.charge().fill(&mut self.code, due);
        self.flow.settle();
    }

    fn end_path(&mut self) {
        self.flow.leave();
        self.flow.stop();
    }
}
