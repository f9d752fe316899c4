//! Balance transactions and the balance.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{charge, dispute, payout, refund, transfer};
use crate::balance::{Balance, BalanceTransaction};
use crate::store::PaymentStore;

/// JSON of a balance transaction (<https://docs.stripe.com/api/balance_transactions/object>). Its source is
/// expanded if a store is given.
pub(crate) fn transaction(
    transaction: &BalanceTransaction,
    now: Timestamp,
    expand_in: Option<&PaymentStore>,
) -> Value {
    let expanded =
        expand_in.zip(transaction.source.as_deref()).and_then(|(store, id)| source(store, id, now));
    let fees: Vec<_> = (transaction.fee != 0).then(|| fee(transaction)).into_iter().collect();
    json!({
        "id": transaction.id,
        "object": "balance_transaction",
        "amount": transaction.amount,
        "available_on": transaction.available_on.as_second(),
        "created": transaction.created.as_second(),
        "currency": transaction.currency,
        "description": null,
        "exchange_rate": null,
        "fee": transaction.fee,
        "fee_details": fees,
        "net": transaction.net(),
        "reporting_category": transaction.reporting_category(),
        "source": expanded.unwrap_or_else(|| json!(transaction.source)),
        "status": if transaction.is_available(now) { "available" } else { "pending" },
        "type": transaction.kind,
    })
}

fn fee(transaction: &BalanceTransaction) -> Value {
    json!({
        "amount": transaction.fee,
        "application": null,
        "currency": transaction.currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    })
}

/// JSON of the object that caused a balance transaction.
fn source(store: &PaymentStore, id: &str, now: Timestamp) -> Option<Value> {
    if let Some(found) = store.refunds.get(id) {
        return Some(refund(found, None));
    }
    if let Some(found) = store.transfers.get(id) {
        return Some(transfer::transfer(found));
    }
    if let Some(found) = store.disputes.get(id) {
        return Some(dispute::dispute(found, now));
    }
    if let Some(found) = store.payouts.get(id) {
        return Some(payout::payout(found));
    }
    let intent = store.intent_of_charge(id)?;
    intent.charges.iter().find(|charge| charge.id == id).map(|found| charge(found, intent))
}

/// Currency of an account without any balance.
const DEFAULT_CURRENCY: &str = "eur";

/// JSON of the balance (<https://docs.stripe.com/api/balance/balance_object>).
pub(crate) fn balance(balance: &Balance) -> Value {
    let amounts = |sums: &std::collections::BTreeMap<String, i64>| -> Vec<Value> {
        let amount = |currency: &str, amount: i64| json!({ "amount": amount, "currency": currency, "source_types": { "card": amount } });
        if sums.is_empty() {
            return vec![amount(DEFAULT_CURRENCY, 0)];
        }
        sums.iter().map(|(currency, sum)| amount(currency, *sum)).collect()
    };
    json!({
        "object": "balance",
        "available": amounts(&balance.available),
        "connect_reserved": amounts(&balance.available.keys().map(|currency| (currency.clone(), 0)).collect()),
        "livemode": false,
        "pending": amounts(&balance.pending),
    })
}
