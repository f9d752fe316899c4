//! Ledger of the sandbox: all payments and refunds, to be compared with the orders.

use std::collections::BTreeSet;

use serde::Serialize;

use super::account::Account;
use super::balance::BalanceTransaction;
use super::dispute::Dispute;
use super::intent::{Charge, PaymentIntent};
use super::payout::Payout;
use super::refund::{Refund, RefundStatus};
use super::transfer::Transfer;

/// All objects of the sandbox.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ledger {
    /// Intents, oldest first, with all their charges including failed ones.
    pub intents: Vec<PaymentIntent>,
    /// Refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// Balance transactions, oldest first.
    pub balance_transactions: Vec<BalanceTransaction>,
    /// Connected accounts, oldest first, with closed ones.
    pub accounts: Vec<Account>,
    /// Transfers to connected accounts, oldest first, with their reversals.
    pub transfers: Vec<Transfer>,
    /// Disputes, oldest first.
    pub disputes: Vec<Dispute>,
    /// Payouts of the platform and of connected accounts, oldest first.
    pub payouts: Vec<Payout>,
}

impl Ledger {
    /// Captured charges of an order. More than one means that the customer was charged twice.
    #[must_use]
    pub fn captures_of(&self, order_id: &str) -> Vec<&Charge> {
        let intents = self.intents.iter().filter(|intent| intent.order_id() == Some(order_id));
        intents.filter_map(PaymentIntent::captured_charge).collect()
    }

    /// Refunds of an order.
    #[must_use]
    pub fn refunds_of(&self, order_id: &str) -> Vec<&Refund> {
        self.refunds.iter().filter(|refund| refund.order_id.as_deref() == Some(order_id)).collect()
    }

    /// Captured total of an order, in minor units.
    #[must_use]
    pub fn captured_total(&self, order_id: &str) -> i64 {
        self.captures_of(order_id).iter().map(|charge| charge.amount_captured).sum()
    }

    /// Refunded total of an order, in minor units. Pending refunds count, failed refunds do not.
    #[must_use]
    pub fn refunded_total(&self, order_id: &str) -> i64 {
        let refunds = self.refunds_of(order_id).into_iter();
        let effective = refunds.filter(|refund| refund.status != RefundStatus::Failed);
        effective.map(|refund| refund.amount).sum()
    }

    /// Captured minus refunded total of an order, in minor units.
    #[must_use]
    pub fn net(&self, order_id: &str) -> i64 {
        self.captured_total(order_id).saturating_sub(self.refunded_total(order_id))
    }

    /// Ids of the orders in the metadata of the intents.
    #[must_use]
    pub fn orders(&self) -> BTreeSet<&str> {
        self.intents.iter().filter_map(PaymentIntent::order_id).collect()
    }
}
