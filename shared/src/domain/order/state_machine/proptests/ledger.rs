//! Invariants of the ledger: the journal entries of an order against its money, computed from the refunds and the
//! gateway.

use std::collections::BTreeSet;

use super::world::World;
use crate::domain::ledger::{Account, EntryId, JournalEntry, Postings};
use crate::domain::order::payment::refund::{Refund, RefundStatus};
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::values::money::Money;
use crate::kit::command::{Condition, Operation, Record as _, Write};

impl World {
    /// Adds the journal entry of a commit, which must be a new one.
    pub(super) fn record_entry<E>(&mut self, write: &Write<E>) {
        let Operation::Put { item, kind: JournalEntry::KIND, .. } = &write.operation else { return };
        let entry: JournalEntry = serde_dynamo::from_item(item.clone()).unwrap();
        assert_eq!((&write.condition, &write.key), (&Condition::Absent, &JournalEntry::key(&entry.id)));
        self.journal.push(entry);
    }

    /// Checks the journal after the order was changed from the version `before`.
    pub(super) fn check_journal(&self, before: &Order) {
        let (order, payment) = (self.order(), self.state.1.as_ref());
        let causes: BTreeSet<EntryId> = self.journal.iter().map(|entry| entry.id).collect();
        assert_eq!(causes.len(), self.journal.len(), "two entries have the same cause");
        if let Some(last) = self.journal.last() {
            assert!(last.id.order_version <= order.version);
        }
        let (balances, currency) = (self.posted(), order.total().currency());
        assert_eq!(balances, order.balances(payment), "the journal differs from {before:?} to {order:?}");
        let amount = |account| balances.amount_of(account, currency);
        let seller = amount(Account::SellerPending) + amount(Account::SellerAvailable);
        let (commission, owed) = (amount(Account::Commission), amount(Account::RefundsOwed));
        assert_eq!(amount(Account::Gateway), self.held(), "{order:?}");
        let Some(payment) = payment.filter(|payment| payment.captured == order.total()) else {
            assert_eq!((seller, commission, owed), (0, 0, -self.held()), "{order:?}");
            return;
        };
        check_sale(order, payment, (seller, commission, owed));
    }

    fn posted(&self) -> Postings {
        let mut sum = Postings::default();
        for entry in &self.journal {
            sum = sum.since(&Postings::default().since(&entry.postings));
        }
        sum
    }

    /// Money of the order at the gateway, according to its records.
    fn held(&self) -> i64 {
        let (order, payment) = (self.order(), self.state.1.as_ref());
        let refunded = order.refunds.iter().map(|refund| &refund.gateway_id);
        let ids: BTreeSet<&str> =
            payment.iter().map(|own| &own.gateway_id).chain(refunded).map(|id| id.0.as_str()).collect();
        let captured = ids.into_iter().filter_map(|id| order.captured_by(&GatewayId(id.to_owned()), payment));
        let made = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
        let made: i64 = made.map(|refund| refund.amount.amount()).sum();
        captured.map(Money::amount).sum::<i64>() - made
    }
}

/// Checks the money of an order whose payment is exactly its total.
fn check_sale(order: &Order, payment: &Payment, (seller, commission, owed): (i64, i64, i64)) {
    let own = || order.refunds.iter().filter(|refund| refund.gateway_id == payment.gateway_id);
    let sum = |has: fn(&Refund) -> bool| -> i64 {
        own().filter(|refund| has(refund)).map(|refund| refund.amount.amount()).sum()
    };
    let terms = order.commission.unwrap();
    let (total, whole) = (order.total().amount(), terms.of(&order.lines).amount());
    let decided = sum(|refund| !refund.status.is_unmade());
    if decided > total {
        // The failure of a refund is not recorded yet.
        return;
    }
    let is_sold = matches!(
        order.status,
        OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded
    );
    if !is_sold {
        assert_eq!((seller, commission), (0, 0), "{order:?}");
        return;
    }
    let debt = if terms.kept_on_refund { whole } else { 0 };
    assert!((whole - total..=debt).contains(&seller), "{seller}: {order:?}");
    assert!((-whole..=0).contains(&commission), "{commission}: {order:?}");
    let has_duplicate = own().count() < order.refunds.len();
    if !has_duplicate && own().all(|refund| !refund.status.is_unmade()) {
        assert_eq!(owed, -sum(Refund::is_open), "{order:?}");
    }
    if decided == total && !terms.kept_on_refund {
        assert_eq!((seller, commission), (0, 0), "nothing is left of the sale: {order:?}");
    }
    if own().next().is_none() {
        assert_eq!((seller, commission), (whole - total, -whole), "{order:?}");
    }
}
