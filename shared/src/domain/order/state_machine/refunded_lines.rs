//! Refunds of an order by line: how much of each line is refunded, and how many units are back in the stock.

use crate::domain::order::Order;
use crate::domain::order::lines::LineAmounts;
use crate::domain::order::payment::Payment;
use crate::domain::order::payment::refund::lines::{LineLeft, RefundLine};
use crate::domain::order::payment::refund::{Refund, RefundStatus};

impl Order {
    /// Distributes the refunds of the payment over the lines, so that the lines of each refund add up to its
    /// amount and no line is refunded by more than it is. Refunds that the gateway has accepted come first: it
    /// refuses others if too little is left. Nothing is distributed if the payment is not one of exactly the
    /// total.
    pub(crate) fn with_refunds_by_line(mut self, payment: &Payment) -> Self {
        if payment.captured != self.total() {
            return self;
        }
        let mut left = LineLeft::of(&self.lines);
        let own = self.refunds.iter_mut().filter(|refund| refund.gateway_id == payment.gateway_id);
        let (accepted, others): (Vec<_>, Vec<_>) = own.partition(|refund| refund.counts_at_gateway());
        for refund in accepted.into_iter().chain(others) {
            refund.distribute(&mut left);
        }
        self
    }

    /// Part of each line that is not refunded. Open refunds count as refunded.
    pub(crate) fn lines_left(&self) -> Vec<LineLeft> {
        let mut left = LineLeft::of(&self.lines);
        for part in self.refunds.iter().filter(|refund| !refund.status.is_unmade()).flat_map(|of| &of.lines) {
            let Some(left) = left.get_mut(part.line) else { continue };
            left.units = left.units.saturating_sub(part.units);
            left.amounts = left.amounts.without(part.amounts).unwrap_or(left.amounts);
        }
        left
    }

    /// Refunded part of a line: the sum of the refunds that were made.
    #[must_use]
    pub fn refunded_line(&self, line: usize) -> RefundLine {
        let made = self.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
        let parts = made.flat_map(|refund| &refund.lines).filter(|part| part.line == line);
        let amounts = LineAmounts::zero(self.total().currency());
        parts.fold(RefundLine { line, units: 0, restocked: 0, amounts }, |sum, part| RefundLine {
            line,
            units: sum.units.saturating_add(part.units),
            restocked: sum.restocked.saturating_add(part.restocked),
            // The sum is at most the line.
            amounts: sum.amounts.checked_add(part.amounts).unwrap_or(sum.amounts),
        })
    }

    /// Number of units of a line that were returned to the stock by refunds, even by those that were not made.
    #[must_use]
    pub fn restocked(&self, line: usize) -> u32 {
        let parts = self.refunds.iter().flat_map(|refund| &refund.lines);
        parts.filter(|part| part.line == line).map(|part| part.restocked).sum()
    }

    /// Returns true if the order has units that were not returned to the stock.
    pub(crate) fn has_units(&self) -> bool {
        self.lines.numbered_items().any(|(line, item)| item.quantity.get() > self.restocked(line))
    }

    /// Takes units of a line over from refunds that were not made and have returned them to the stock. Returns
    /// their number, at most `units`.
    pub(crate) fn take_over_restocked(&mut self, line: usize, units: u32) -> u32 {
        let unmade = self.refunds.iter_mut().filter(|refund| refund.status.is_unmade());
        let parts = unmade.flat_map(|refund: &mut Refund| &mut refund.lines).filter(|part| part.line == line);
        parts.fold(0, |taken: u32, part| {
            let more = part.restocked.min(units.saturating_sub(taken));
            part.restocked = part.restocked.saturating_sub(more);
            taken.saturating_add(more)
        })
    }
}
