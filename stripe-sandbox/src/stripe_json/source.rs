//! Sources of balance transactions.

use jiff::Timestamp;
use serde_json::Value;

use super::{charge, dispute, payout, refund, transfer};
use crate::store::PaymentStore;

/// JSON of the object that caused a balance transaction.
pub(crate) fn source(store: &PaymentStore, id: &str, now: Timestamp) -> Option<Value> {
    if let Some(found) = store.refunds.get(id) {
        return Some(refund(found, None));
    }
    if let Some(found) = store.transfers.get(id) {
        return Some(transfer::transfer(found));
    }
    if let Some(found) = store.disputes.get(id) {
        return Some(dispute::dispute(found, None, now));
    }
    if let Some(found) = store.payouts.get(id) {
        return Some(payout::payout(found));
    }
    let intent = store.intent_of_charge(id)?;
    intent.charges.iter().find(|charge| charge.id == id).map(|found| charge(found, intent))
}
