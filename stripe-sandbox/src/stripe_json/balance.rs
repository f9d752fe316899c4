//! Balance transactions and the balance.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::balance::{Balance, BalanceTransaction};

/// JSON of a balance transaction (<https://docs.stripe.com/api/balance_transactions/object>). `source` is its
/// source, if it is expanded.
pub(crate) fn transaction(transaction: &BalanceTransaction, now: Timestamp, source: Option<Value>) -> Value {
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
        "source": source.unwrap_or_else(|| json!(transaction.source)),
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
