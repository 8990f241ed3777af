//! The second pass over a function: copies its instructions and puts charges between them.

mod bulks;
mod control;

use alloc::{format, vec::Vec};

use wasmparser::{FunctionBody, Operator};

use crate::{
    audit::Audit,
    bulk::Bulk,
    cost,
    emit::{self, Amount},
    flow::Flow,
    helpers::Added,
    limits,
    locals::Locals,
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
    /// A path may be cut off at a call, by an exception that something catches.
    exceptions: bool,
}

impl<'s, 'a> Context<'s, 'a> {
    pub(crate) fn new(
        survey: &'s Survey<'a>,
        bodies: &[FunctionBody<'_>],
        gc: bool,
    ) -> Result<Self, Refusal> {
        let scan = Scan::new(survey, bodies)?;
        let exceptions = scan.handlers || !survey.tags.is_empty();
        Ok(Context {
            survey,
            added: Added::new(survey),
            audit: Audit::new(gc),
            scan,
            exceptions,
        })
    }
}

/// A branch hint: the offset in the body, and whether the branch is likely.
pub(crate) type Hint = (u32, bool);

/// A rewritten function.
pub(crate) struct Rewritten {
    /// The body, with its locals, without its size.
    pub(crate) bytes: Vec<u8>,
    pub(crate) hints: Vec<Hint>,
}

/// Rewrites the defined function `index`, whose own branch hints are given.
pub(crate) fn rewrite(
    context: &mut Context<'_, '_>,
    index: usize,
    body: &FunctionBody<'_>,
    hints: &[Hint],
) -> Result<Rewritten, Refusal> {
    let leaf = context.scan.leaf(index as u32).is_some();
    let locals = Locals::new(context, index, body)?;
    let mut reader = body.get_operators_reader()?;
    let start = body.range().start;
    let mut writer = Writer {
        context,
        source: body.as_bytes(),
        copied: (reader.original_position() - start) as usize,
        code: Vec::with_capacity(body.as_bytes().len() * 5 / 4),
        flow: Flow::new(),
        heads: Vec::new(),
        last_constant: None,
        hints: Vec::new(),
        known_hints: hints,
        locals,
        function: index,
        loops: 0,
        tight: None,
    };
    writer
        .locals
        .declare(writer.source, writer.copied, &mut writer.code);
    let entry = (!leaf).then(|| writer.charge());
    if let Some(purse) = writer.locals.purse {
        emit::fill_purse(&mut writer.code, purse);
    }
    while !reader.eof() {
        let from = (reader.original_position() - start) as usize;
        let op = reader.read()?;
        let to = (reader.original_position() - start) as usize;
        writer.context.audit.see(&op, start + from as u64)?;
        writer.instruction(&op, from, to);
    }
    writer.copy_to(writer.source.len());
    if let Some(entry) = entry {
        let exit = writer.flow.exit();
        let purse = if writer.locals.purse.is_some() {
            cost::PURSE_START
        } else {
            0
        };
        entry.fill(&mut writer.code, cost::ticks(cost::TICK + exit) + purse);
    }
    if writer.code.len() > limits::MAX_BODY_BYTES {
        return Err(Refusal::at(
            start,
            format!("function {index} grows beyond V8's limit when it is metered"),
        ));
    }
    Ok(Rewritten {
        bytes: writer.code,
        hints: writer.hints,
    })
}

struct Writer<'w, 's, 'a, 'b> {
    context: &'w mut Context<'s, 'a>,
    source: &'b [u8],
    /// How much of the source has been copied or replaced.
    copied: usize,
    code: Vec<u8>,
    flow: Flow,
    /// The amounts at the heads of the loops that are open.
    heads: Vec<Amount>,
    /// The value of the instruction before, if it is a constant.
    last_constant: Option<i64>,
    hints: Vec<Hint>,
    /// Hints of the source that were not passed yet.
    known_hints: &'b [Hint],
    locals: Locals,
    /// The function's index without imports, and how many of its loops were passed.
    function: usize,
    loops: usize,
    /// Inside a tight loop: how many blocks were open when its own was opened, itself included.
    tight: Option<usize>,
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
            O::CallIndirect { .. } | O::CallRef { .. } => self.unknown_call(),
            O::ReturnCallIndirect { .. } | O::ReturnCallRef { .. } => {
                self.unknown_call();
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
        self.flow.spend(cost::weight(op));
        if self.flow.owed() > cost::DEBT_MAX && !self.flow.is_over() {
            self.copy_to(to);
            let owed = cost::ticks(self.flow.owed());
            self.charge().fill(&mut self.code, owed);
            self.flow.settle();
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

    fn call(&mut self, callee: u32, opcode: u8, from: usize, to: usize) {
        let index = self.context.added.function(callee);
        if index != callee {
            self.replace(from, to, |code| emit::indexed(code, opcode, index));
        }
        let defined = callee.checked_sub(self.context.survey.imported_functions);
        let leaf = defined.map(|defined| self.context.scan.leaf(defined));
        self.flow.spend(match leaf {
            None => cost::IMPORT_CALL,
            Some(None) => cost::CALL,
            Some(Some(leaf)) => cost::CALL + leaf,
        });
        self.may_be_cut_off();
    }

    fn unknown_call(&mut self) {
        self.flow.spend(cost::INDIRECT_CALL);
        self.may_be_cut_off();
    }

    /// What is called may throw: then this path owes what it owes, and the caller's handler is the next to pay.
    fn may_be_cut_off(&mut self) {
        if self.context.exceptions {
            self.flow.leave();
        }
    }

    fn end_path(&mut self) {
        self.flow.leave();
        self.flow.stop();
    }
}
