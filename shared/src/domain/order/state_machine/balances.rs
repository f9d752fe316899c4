//! Balances of an order on the ledger, derived from the order and its payment; each commit records the difference as
//! a journal entry, so that a transition needs no code for it.

use std::collections::BTreeSet;

use crate::domain::ledger::commission::share;
use crate::domain::ledger::{Account, EntryId, JournalEntry, Postings};
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::values::money::{Amount, Money};
use crate::kit::system::clock::Timestamp;

/// Money that the marketplace owes to the buyer of a sold order because of its refunds, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Owed {
    /// Amount of the refunds that are not made yet, and of those that have failed and were not replaced.
    amount: i64,
    /// Part of the failed refunds by which the commission is reduced.
    commission: i64,
}

impl Order {
    /// Balances of the ledger's accounts because of this order and its `payment`. Zero for an order without
    /// commission terms, which an earlier version of this software has placed.
    ///
    /// The gateway holds what it has captured and not refunded. It belongs to the seller, except for the commission
    /// and for decided refunds. If the order was not sold, all of it is owed to the buyer.
    #[must_use]
    pub fn balances(&self, payment: Option<&Payment>) -> Postings {
        let mut balances = Postings::default();
        if self.commission.is_none() {
            return balances;
        }
        for (gateway_id, captured) in self.captures(payment) {
            let made = self.refunds_of(gateway_id).filter(|refund| refund.status == RefundStatus::Succeeded);
            let left = captured.amount() - made.map(|refund| refund.amount.amount()).sum::<i64>();
            let currency = captured.currency();
            let sold = payment.filter(|payment| payment.gateway_id == *gateway_id && self.is_sold(payment));
            if sold.is_none() {
                balances.transfer(Account::Gateway, Account::RefundsOwed, left, currency);
                continue;
            }
            let (seller, owed) = (self.seller_account(), self.owed(gateway_id, captured.amount()));
            balances.transfer(Account::Gateway, seller, left, currency);
            balances.transfer(seller, Account::RefundsOwed, owed.amount, currency);
            let commission = self.commission_left(owed.commission, left - owed.amount);
            balances.transfer(seller, Account::Commission, commission, currency);
        }
        balances
    }

    /// Journal entry of this version, which follows the one with the balances `before`; `None` if no account changes.
    pub(crate) fn journal_entry(
        &self,
        payment: Option<&Payment>,
        before: &Postings,
        now: Timestamp,
    ) -> Option<JournalEntry> {
        let id = EntryId { order_id: self.id, order_version: self.version };
        let postings = self.balances(payment).since(before);
        JournalEntry::new(id, self.market_id, postings, self.earned_at(), now)
    }

    /// Payments that the gateway has captured for the order: its own, and duplicates, each of which has a refund.
    fn captures<'a>(&'a self, payment: Option<&'a Payment>) -> impl Iterator<Item = (&'a GatewayId, Money)> {
        let own = payment.map(|payment| (&payment.gateway_id, payment.captured));
        let mut seen: BTreeSet<&str> = own.iter().map(|(id, _)| id.0.as_str()).collect();
        let refunded = self.refunds.iter().map(|refund| &refund.gateway_id);
        let duplicates = refunded.filter(move |id| seen.insert(&id.0));
        own.into_iter().chain(duplicates.filter_map(|id| Some((id, self.captured_by(id, None)?))))
    }

    fn refunds_of<'a>(&'a self, gateway_id: &'a GatewayId) -> impl Iterator<Item = &'a Refund> {
        self.refunds.iter().filter(move |refund| refund.gateway_id == *gateway_id)
    }

    /// Returns true if the payment pays for the lines, and the order was not cancelled.
    fn is_sold(&self, payment: &Payment) -> bool {
        let is_active = matches!(
            self.status,
            OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded
        );
        is_active && payment.captured == self.total()
    }

    /// Account of the seller's money from the sold order.
    fn seller_account(&self) -> Account {
        match self.status {
            OrderStatus::Confirmed | OrderStatus::Shipped if self.lines.has_shipping() => {
                Account::SellerPending
            }
            _ => Account::SellerAvailable,
        }
    }

    /// Time since when the seller has earned the money of the order: its delivery, or its confirmation if nothing is
    /// shipped. An order that was refunded before has nothing to wait for.
    fn earned_at(&self) -> Timestamp {
        let is_shipped = self.lines.has_shipping();
        let earned = if is_shipped { OrderStatus::Delivered } else { OrderStatus::Confirmed };
        let entry = self.timeline.iter().find(|entry| entry.status == earned);
        entry.map_or(self.updated_at, |entry| entry.at)
    }

    /// Amounts owed because of the refunds of the order's payment. A refund that has failed is owed until later
    /// refunds replace it.
    fn owed(&self, gateway_id: &GatewayId, captured: i64) -> Owed {
        let (mut open, mut failed) = (0, Owed::default());
        let refunds: Vec<&Refund> = self.refunds_of(gateway_id).collect();
        for refund in &refunds {
            let amount = refund.amount.amount();
            if refund.is_open() {
                open += amount;
            }
            let replaced = amount.min(failed.amount);
            failed.commission -= share(failed.commission, replaced, failed.amount);
            failed.amount -= replaced;
            for ended in refunds.iter().filter(|ended| ended.failed_after == Some(refund.number)) {
                failed.amount += ended.amount.amount();
                failed.commission += ended.commission.map_or(0, Money::amount);
            }
        }
        // What other refunds have taken meanwhile is not owed a second time.
        let decided = refunds.iter().filter(|refund| !refund.status.is_unmade());
        let left = captured - decided.map(|refund| refund.amount.amount()).sum::<i64>();
        let kept = failed.amount.min(left).max(0);
        Owed { amount: open + kept, commission: share(failed.commission, kept, failed.amount) }
    }

    /// Commission on what is not refunded of the lines, less `owed` of it, and at most `left` of the payment.
    fn commission_left(&self, owed: i64, left: i64) -> i64 {
        let Some(terms) = self.commission else { return 0 };
        let whole = terms.of(&self.lines).amount();
        if terms.kept_on_refund {
            return whole;
        }
        let lines = terms.of_lines(&self.lines).zip(self.lines.iter()).zip(self.lines_left());
        let not_refunded: i64 = lines
            .map(|((commission, (_, amounts)), left)| {
                let refunded = amounts.gross.amount() - left.amounts.gross.amount();
                commission.amount() - share(commission.amount(), refunded, amounts.gross.amount())
            })
            .sum();
        (not_refunded - owed).min(left).max(0)
    }

    /// Part of a refund by which the commission is reduced; `None` if it is not.
    pub(crate) fn commission_of(&self, refund: &Refund) -> Option<Money> {
        let terms = self.commission.filter(|terms| !terms.kept_on_refund)?;
        let lines: Vec<_> = terms.of_lines(&self.lines).zip(self.lines.iter()).collect();
        let parts = refund.lines.iter().filter_map(|part| {
            let (commission, (_, amounts)) = lines.get(part.line)?;
            Some(share(commission.amount(), part.amounts.gross.amount(), amounts.gross.amount()))
        });
        let sum = Amount::try_from(parts.sum::<i64>()).ok().filter(|sum| *sum > Amount::ZERO)?;
        Some(Money::new(sum, refund.amount.currency()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::commission::CommissionTerms;
    use crate::domain::order::lines::{OrderLine, OrderLines, ShippingLine};
    use crate::domain::order::payment::{Capture, DeclineCode};
    use crate::domain::order::tests::{confirmed, reported};
    use crate::domain::order::{Party, Shipment};
    use crate::domain::tests::{at, euros};

    /// Confirmed order of two mugs for 39.98 EUR and shipping for 5.00 EUR, with a commission of 10 % (4.00 EUR).
    fn shipped_order() -> (Order, Payment) {
        let (order, _) = confirmed();
        let (option_id, name) = ("standard".parse().unwrap(), "Standard".parse().unwrap());
        let shipping = ShippingLine { option_id, name, amount: euros(500), tax: None };
        let lines = order.lines.iter().map(|(line, _)| line.clone());
        let lines: Vec<OrderLine> = lines.chain([OrderLine::Shipping(shipping)]).collect();
        let rate_basis_points = 1_000.try_into().unwrap();
        let commission = Some(CommissionTerms { rate_basis_points, kept_on_refund: false });
        let order = Order { lines: OrderLines::try_from(lines).unwrap(), commission, ..order };
        let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: order.total() };
        let payment = Payment::captured(order.id, &capture, at(0));
        (order, payment)
    }

    /// Gateway, commission, refunds owed, pending, available.
    fn balances(order: &Order, payment: &Payment) -> [i64; 5] {
        let (balances, currency) = (order.balances(Some(payment)), order.total().currency());
        let accounts = [
            Account::Gateway,
            Account::Commission,
            Account::RefundsOwed,
            Account::SellerPending,
            Account::SellerAvailable,
        ];
        accounts.map(|account| balances.amount_of(account, currency))
    }

    fn refunded(order: Order, payment: &Payment, amount: i64) -> Order {
        let due = order.with_refund_due(&payment.gateway_id, euros(amount), Party::Seller, "cracked", at(1));
        due.next_version(at(1)).with_refunds_by_line(payment)
    }

    #[test]
    fn money_becomes_available_with_the_delivery() {
        let (order, payment) = shipped_order();
        assert_eq!(balances(&order, &payment), [4_498, -400, 0, -4_098, 0]);
        let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
        let shipped = order.shipped(Shipment { carrier, tracking_number }, Some(&payment), at(5)).unwrap();
        assert_eq!(balances(&shipped, &payment), [4_498, -400, 0, -4_098, 0]);
        let delivered = shipped.delivered(at(9)).unwrap();
        assert_eq!(balances(&delivered, &payment), [4_498, -400, 0, 0, -4_098]);
        assert_eq!(delivered.earned_at(), at(9));
        let (order, payment) = confirmed();
        assert_eq!(balances(&order, &payment), [3_998, 0, 0, 0, -3_998], "nothing is shipped");
        assert_eq!(order.earned_at(), order.updated_at);
    }

    #[test]
    fn refund_returns_the_commission_of_its_lines() {
        let (order, payment) = shipped_order();
        // 19.99 EUR of the mugs and 2.50 EUR of the shipping.
        let half = refunded(order.clone(), &payment, 2_249);
        assert_eq!(balances(&half, &payment), [4_498, -200, -2_249, -2_049, 0]);
        let whole = refunded(half, &payment, 2_249);
        assert_eq!(balances(&whole, &payment), [4_498, 0, -4_498, 0, 0]);
        let kept = order.commission.map(|terms| CommissionTerms { kept_on_refund: true, ..terms });
        let kept = refunded(Order { commission: kept, ..order }, &payment, 2_249);
        assert_eq!(balances(&kept, &payment), [4_498, -400, -2_249, -1_849, 0]);
    }

    #[test]
    fn failed_refund_is_owed_until_it_is_replaced() {
        let (order, payment) = shipped_order();
        let refunding = refunded(order, &payment, 2_249);
        let code = DeclineCode::new("expired_or_canceled_card");
        let (failed, _) = refunding.refund_refused(1, 1, payment.captured, &code, at(2)).unwrap();
        let failed = failed.with_refunds_by_line(&payment);
        assert_eq!(balances(&failed, &payment), [4_498, -200, -2_249, -2_049, 0]);
        let part = refunded(failed.clone(), &payment, 1_000);
        assert_eq!(balances(&part, &payment)[2], -2_249, "a part of it is replaced");
        let more = refunded(failed, &payment, 3_000);
        assert_eq!(balances(&more, &payment)[2], -3_000, "all of it is replaced");
    }

    #[test]
    fn money_of_an_unsold_order_and_of_a_duplicate_is_owed() {
        let (order, payment) = shipped_order();
        let cancelled = order.clone().cancelled(Party::Buyer, None, Some(&payment), at(1)).unwrap();
        assert_eq!(balances(&cancelled, &payment), [4_498, 0, -4_498, 0, 0]);
        let other = GatewayId("pi_2".to_owned());
        let duplicate = order.with_refund_due(&other, euros(700), Party::System, "duplicate payment", at(1));
        assert_eq!(balances(&duplicate, &payment), [5_198, -400, -700, -4_098, 0]);
        let made = reported(&duplicate, 1, RefundStatus::Succeeded);
        let (refunded, _) = duplicate.with_reported_refund(&made, at(2)).unwrap();
        assert_eq!(balances(&refunded, &payment), [4_498, -400, 0, -4_098, 0]);
    }

    #[test]
    fn order_without_commission_terms_is_not_on_the_ledger() {
        let (order, payment) = confirmed();
        let earlier = Order { commission: None, ..order };
        assert!(earlier.balances(Some(&payment)).is_empty());
    }
}
