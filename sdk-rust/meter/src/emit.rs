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

/// Charges, leaving it to the next charge to find that the ticks are used up.
pub(crate) fn charge_unchecked(code: &mut Vec<u8>, added: &Added, ticks: u32) {
    subtract(code, added).fill(code, ticks);
}

/// Blocks that are put around a tight loop.
pub(crate) const TIGHT_BLOCKS: u32 = 3;

/// Begins the blocks around a tight loop, given its type. Together they are
///
/// ```text
/// block $done
///   loop $again
///     block $empty
///       loop            the module's own
///         (br_if $empty (i32.lt_s (local.tee $purse (i32.sub (local.get $purse) amount)) 0))
///         …
///       end
///       br $done
///     end
///     (call $withdraw) (local.set $purse (i32.add (local.get $purse) PURSE))
///     br $again
///   end
/// end
/// ```
///
/// so that the loop has no call inside (V8 unrolls only such loops, and a call would push the loop's values out of
/// the registers), and what it counts is a local. Whoever leaves for `$empty` comes
/// back to the same turn, and pays for it again, until the purse is full enough.
pub(crate) fn begin_tight(code: &mut Vec<u8>, ty: &[u8]) {
    code.push(0x02); // block
    code.extend_from_slice(ty);
    InstructionSink::new(code)
        .loop_(BlockType::Empty)
        .block(BlockType::Empty);
}

/// Charges the purse at the head of a tight loop.
pub(crate) fn charge_purse(code: &mut Vec<u8>, purse: u32) -> (Amount, usize) {
    InstructionSink::new(code).local_get(purse);
    let amount = open_amount(code);
    InstructionSink::new(code)
        .i32_sub()
        .local_tee(purse)
        .i32_const(0)
        .i32_lt_s();
    let branch = code.len();
    InstructionSink::new(code).br_if(1);
    (amount, branch)
}

/// Charges the purse, leaving it to the next loop to find it empty.
pub(crate) fn charge_purse_unchecked(code: &mut Vec<u8>, purse: u32, ticks: u32) {
    InstructionSink::new(code)
        .local_get(purse)
        .i32_const(ticks as i32)
        .i32_sub()
        .local_set(purse);
}

/// Ends the blocks around a tight loop, after its own end.
pub(crate) fn end_tight(code: &mut Vec<u8>, added: &mut Added, purse: u32) {
    let withdraw = added.helper(Helper::Withdraw);
    let mut code = InstructionSink::new(code);
    code.br(2).end().call(withdraw);
    code.local_get(purse)
        .i32_const(cost::PURSE as i32)
        .i32_add()
        .local_set(purse);
    code.br(0).end().unreachable().end();
}

/// A branch table.
pub(crate) fn branch_table(code: &mut Vec<u8>, targets: Vec<u32>, default: u32) {
    InstructionSink::new(code).br_table(targets, default);
}

/// Puts into the purse what the function's entry has paid for.
pub(crate) fn fill_purse(code: &mut Vec<u8>, purse: u32) {
    InstructionSink::new(code)
        .i32_const(cost::PURSE_START as i32)
        .local_set(purse);
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
