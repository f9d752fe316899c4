//! The ledger: what was really taken and given back, for tests and for people to compare with the orders.

use std::collections::BTreeSet;

use serde::Serialize;

use super::intent::{Charge, PaymentIntent};
use super::refund::Refund;

/// Every intent with its charges, and every refund, in the order in which they were made.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ledger {
    /// Oldest first; each with all its charges, failed ones too.
    pub intents: Vec<PaymentIntent>,
    /// Oldest first.
    pub refunds: Vec<Refund>,
}

impl Ledger {
    /// The charges that took money for an order: more than one is a customer charged twice.
    #[must_use]
    pub fn captures_of(&self, order_id: &str) -> Vec<&Charge> {
        let intents = self.intents.iter().filter(|intent| intent.order_id() == Some(order_id));
        intents.filter_map(PaymentIntent::captured_charge).collect()
    }

    /// The refunds of an order.
    #[must_use]
    pub fn refunds_of(&self, order_id: &str) -> Vec<&Refund> {
        self.refunds.iter().filter(|refund| refund.order_id.as_deref() == Some(order_id)).collect()
    }

    /// What was taken for an order, in minor units.
    #[must_use]
    pub fn captured_total(&self, order_id: &str) -> i64 {
        self.captures_of(order_id).iter().map(|charge| charge.amount_captured).sum()
    }

    /// What was given back for an order, in minor units.
    #[must_use]
    pub fn refunded_total(&self, order_id: &str) -> i64 {
        self.refunds_of(order_id).iter().map(|refund| refund.amount).sum()
    }

    /// What was taken for an order and not given back, in minor units.
    #[must_use]
    pub fn net(&self, order_id: &str) -> i64 {
        self.captured_total(order_id).saturating_sub(self.refunded_total(order_id))
    }

    /// The orders that any intent names.
    #[must_use]
    pub fn orders(&self) -> BTreeSet<&str> {
        self.intents.iter().filter_map(PaymentIntent::order_id).collect()
    }
}
