//! Lines of a refund: its part of each line of the order.

use serde::{Deserialize, Serialize};

use super::Refund;
use crate::domain::order::lines::{LineAmounts, OrderLine, OrderLines};
use crate::domain::values::money::Money;

/// Part of a line of an order that is refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundLine {
    /// Position of the line in the order, from 0.
    pub line: usize,
    /// Number of refunded units; 0 if an amount is refunded, and for the shipping.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub units: u32,
    /// Number of units that the refund has returned to the stock. They remain there if the refund fails.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub restocked: u32,
    /// Refunded amounts.
    pub amounts: LineAmounts,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_zero(units: &u32) -> bool {
    *units == 0
}

/// Part of a line of an order that is not refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineLeft {
    /// Number of units.
    pub(crate) units: u32,
    /// Amounts.
    pub(crate) amounts: LineAmounts,
}

impl LineLeft {
    /// Lines of an order without refunds.
    pub(crate) fn of(lines: &OrderLines) -> Vec<Self> {
        let units = |line: &OrderLine| match line {
            OrderLine::Item(item) => item.quantity.get(),
            OrderLine::Shipping(_) => 0,
        };
        lines.iter().map(|(line, amounts)| Self { units: units(line), amounts }).collect()
    }

    /// Moves a part of the amounts, at most what is left and what is `missing`, into a refund.
    fn take(&mut self, part: LineAmounts, missing: &mut Money) {
        let wanted = part.part(*missing);
        let fits = self.amounts.without(wanted).is_ok();
        let part = if fits { wanted } else { self.amounts.part(wanted.gross) };
        if let (Ok(left), Ok(less)) = (self.amounts.without(part), missing.checked_sub(part.gross)) {
            (self.amounts, *missing) = (left, less);
        }
    }
}

impl Refund {
    /// Distributes the amount over the lines of the order: first as before, and what is missing in proportion to
    /// what is `left` of the lines, which is reduced by the refund. A refund that was not made has no part of a
    /// line.
    pub(crate) fn distribute(&mut self, left: &mut [LineLeft]) {
        let before = left.to_vec();
        if !self.status.is_unmade() {
            self.take_from(left);
        }
        let known = |line| self.lines.iter().find(|known| known.line == line);
        let lines = before.iter().zip(left.iter()).enumerate().filter_map(|(line, (before, after))| {
            let restocked = known(line).map_or(0, |known| known.restocked);
            let units = before.units.saturating_sub(after.units);
            let amounts = before.amounts.without(after.amounts).ok()?;
            let is_part = units > 0 || restocked > 0 || amounts.gross.amount() > 0;
            is_part.then_some(RefundLine { line, units, restocked, amounts })
        });
        self.lines = lines.collect();
    }

    /// Moves the amount and the units of the refund out of `left`.
    fn take_from(&self, left: &mut [LineLeft]) {
        let mut missing = self.amount;
        for RefundLine { line, units, amounts, .. } in &self.lines {
            let Some(left) = left.get_mut(*line) else { continue };
            left.units = left.units.saturating_sub(*units);
            left.take(*amounts, &mut missing);
        }
        let weights: Vec<u64> = left.iter().map(|left| left.amounts.gross.amount().unsigned_abs()).collect();
        for (left, part) in left.iter_mut().zip(missing.allocate(&weights).unwrap_or_default()) {
            left.take(left.amounts.part(part), &mut missing);
        }
    }
}
