//! The instruction sequences that are put between a module's own.

use alloc::vec::Vec;

use wasm_encoder::{BlockType, Encode, InstructionSink};

use crate::{
    cost,
    helpers::{Added, Helper},
};

/// Where the amount of a charge stands in the output, to be filled in later.
#[derive(Clone, Copy)]
pub(crate) struct Amount(pub(crate) usize);

/// Bytes that an amount takes, whatever its value.
const AMOUNT_BYTES: usize = 3;

impl Amount {
    /// Fills in the ticks to charge.
    pub(crate) fn fill(self, code: &mut [u8], ticks: u32) {
        // A signed LEB128 of 21 bits; costs are far below 2^20 ticks because paths are charged before they owe more.
        let ticks = ticks.min((1 << 20) - 1);
        let groups = [ticks & 0x7f | 0x80, ticks >> 7 & 0x7f | 0x80, ticks >> 14];
        for (byte, group) in code.iter_mut().skip(self.0).zip(groups) {
            *byte = group as u8;
        }
    }
}

/// `ticks -= amount`, the amount being left open.
fn subtract(code: &mut Vec<u8>, added: &Added) -> Amount {
    InstructionSink::new(code).global_get(added.ticks);
    let amount = open_amount(code);
    InstructionSink::new(code).i32_sub().global_set(added.ticks);
    amount
}

/// A constant that is left open.
fn open_amount(code: &mut Vec<u8>) -> Amount {
    code.push(0x41); // i32.const
    let amount = Amount(code.len());
    code.extend([0; AMOUNT_BYTES]);
    amount
}

/// `if (ticks < 0) tick()`; answers where the `if` stands, for a branch hint.
pub(crate) fn check(code: &mut Vec<u8>, added: &mut Added) -> usize {
    let tick = added.helper(Helper::Tick);
    InstructionSink::new(code)
        .global_get(added.ticks)
        .i32_const(0)
        .i32_lt_s();
    let branch = code.len();
    InstructionSink::new(code)
        .if_(BlockType::Empty)
        .call(tick)
        .end();
    branch
}

/// Charges an amount that is filled in later, and asks the host when the ticks are used up.
pub(crate) fn charge(code: &mut Vec<u8>, added: &mut Added) -> (Amount, usize) {
    let amount = subtract(code, added);
    (amount, check(code, added))
}

/// Begins the blocks around a loop of the given type, and the first copy of its body.
pub(crate) fn begin_loop(code: &mut Vec<u8>, ty: &[u8]) {
    code.push(0x02); // block
    code.extend_from_slice(ty);
    InstructionSink::new(code).loop_(BlockType::Empty);
    begin_copy(code);
}

/// Begins another copy of a loop's body.
pub(crate) fn begin_copy(code: &mut Vec<u8>) {
    InstructionSink::new(code).block(BlockType::Empty);
}

/// Ends a copy of a loop's body: who comes here leaves the loop.
pub(crate) fn end_copy(code: &mut Vec<u8>) {
    InstructionSink::new(code).br(2).end();
}

/// Turns a loop back, charging for what its turn has cost. Answers where the branch stands that is mostly taken.
pub(crate) fn turn(code: &mut Vec<u8>, added: &mut Added, ticks: u32) -> usize {
    subtract(code, added).fill(code, ticks);
    let tick = added.helper(Helper::Tick);
    InstructionSink::new(code)
        .global_get(added.ticks)
        .i32_const(0)
        .i32_ge_s();
    let branch = code.len();
    InstructionSink::new(code).br_if(0).call(tick).br(0);
    branch
}

/// Ends the blocks around a loop. Nobody comes here.
pub(crate) fn end_loop(code: &mut Vec<u8>) {
    InstructionSink::new(code)
        .unreachable()
        .end()
        .unreachable()
        .end();
}

/// A branch table.
pub(crate) fn branch_table(code: &mut Vec<u8>, targets: Vec<u32>, default: u32) {
    InstructionSink::new(code).br_table(targets, default);
}

/// Begins the usual case of a bulk instruction, that the length on top of the stack is small; the block takes what
/// the instruction takes. Answers where the `if` stands.
pub(crate) fn if_short(code: &mut Vec<u8>, length: u32, ty: u32) -> usize {
    let most = cost::INLINE_BULK_MAX as i32;
    InstructionSink::new(code)
        .local_tee(length)
        .local_get(length)
        .i32_const(most)
        .i32_le_u();
    let branch = code.len();
    InstructionSink::new(code).if_(BlockType::FunctionType(ty));
    branch
}

/// The other case: calls the helper.
pub(crate) fn otherwise_call(code: &mut Vec<u8>, helper: u32) {
    InstructionSink::new(code).else_().call(helper).end();
}

/// A call.
pub(crate) fn call(code: &mut Vec<u8>, function: u32) {
    InstructionSink::new(code).call(function);
}

/// An opcode with one index.
pub(crate) fn indexed(code: &mut Vec<u8>, opcode: u8, index: u32) {
    code.push(opcode);
    index.encode(code);
}
