//! Payouts.

use serde_json::{Value, json};

use crate::payout::{Payout, PayoutStatus};

/// JSON of a payout (<https://docs.stripe.com/api/payouts/object>).
pub(crate) fn payout(payout: &Payout) -> Value {
    let has_failed = payout.status == PayoutStatus::Failed;
    json!({
        "id": payout.id,
        "object": "payout",
        "amount": payout.amount,
        "arrival_date": payout.arrival_date().as_second(),
        "automatic": false,
        "balance_transaction": payout.balance_transaction,
        "created": payout.created.as_second(),
        "currency": payout.currency,
        "description": null,
        "destination": null,
        "failure_balance_transaction": payout.failure_balance_transaction,
        "failure_code": has_failed.then_some("account_closed"),
        "failure_message": has_failed.then_some("The bank account has been closed."),
        "livemode": false,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "not_applicable",
        "source_type": "card",
        "status": payout.status,
        "type": "bank_account",
    })
}
