//! Charges for the instructions whose cost grows with an operand, and puts helpers in place of the long ones.

use super::Writer;
use crate::{
    bulk::Bulk,
    cost, emit, generate,
    helpers::{Helper, Space},
};

impl Writer<'_, '_, '_, '_> {
    pub(super) fn bulk(&mut self, bulk: Bulk, from: usize, to: usize) {
        self.flow.call(cost::HELPER_CALL);
        let (items, wide) = self.charged_as(bulk);
        let most = cost::INLINE_BULK_MAX;
        // A grow asks the host, whatever its delta.
        let moves = !items && !matches!(bulk, Bulk::Grow(_));
        if let Some(length) = self.last_constant
            && moves
            && (0..=most.into()).contains(&length)
        {
            // Few bytes for certain.
            self.flow
                .spend((length as u32 >> cost::BYTES_PER_TICK_LOG2) * cost::TICK);
            return;
        }
        let Some(helper) = self.bulk_helper(bulk) else {
            let index = self.context.added.helper(Helper::Charge { items, wide });
            self.copy_to(from);
            return emit::call(&mut self.code, index);
        };
        let index = self.context.added.helper(helper);
        match (self.locals.length, helper) {
            (
                Some(length),
                Helper::Fill(Space::Memory(_))
                | Helper::Copy {
                    to: Space::Memory(_),
                    ..
                },
            ) if !wide => {
                // Mostly few bytes.
                let ty =
                    generate::helper_type(helper, self.context.survey, &mut self.context.added);
                self.copy_to(from);
                let branch = emit::if_short(&mut self.code, length, ty);
                self.hints.push((branch as u32, true));
                self.copy_to(to);
                emit::otherwise_call(&mut self.code, index);
                self.flow
                    .spend((most >> cost::BYTES_PER_TICK_LOG2) * cost::TICK);
            }
            _ => self.replace(from, to, |code| emit::call(code, index)),
        }
    }

    /// What does the instruction instead, if something must.
    fn bulk_helper(&self, bulk: Bulk) -> Option<Helper> {
        let survey = self.context.survey;
        let length =
            |segments: &[u64], index: u32| segments.get(index as usize).copied().unwrap_or(0);
        Some(match bulk {
            Bulk::Grow(space) => Helper::Grow(space),
            Bulk::Fill(space) => Helper::Fill(space),
            Bulk::Copy { to, from } => Helper::Copy { to, from },
            Bulk::Init { to, segment } => {
                let long = match to {
                    Space::Memory(_) => length(&survey.data, segment) > cost::CHUNK_BYTES.into(),
                    Space::Table(_) => length(&survey.elements, segment) > cost::CHUNK_ITEMS.into(),
                };
                if !long {
                    return None;
                }
                Helper::Init { to, segment }
            }
            Bulk::Array => return None,
        })
    }

    /// Whether the instruction's length counts items, and whether it has 64 bits.
    fn charged_as(&self, bulk: Bulk) -> (bool, bool) {
        let survey = self.context.survey;
        match bulk {
            // The length of an `init` has 32 bits, always.
            Bulk::Init { to, .. } => (matches!(to, Space::Table(_)), false),
            Bulk::Fill(space) | Bulk::Grow(space) => {
                (matches!(space, Space::Table(_)), survey.is_wide(space))
            }
            Bulk::Copy { to, from } => (
                matches!(to, Space::Table(_)),
                survey.is_wide(to) && survey.is_wide(from),
            ),
            Bulk::Array => (true, false),
        }
    }
}
