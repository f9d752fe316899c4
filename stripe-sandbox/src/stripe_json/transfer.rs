//! Transfers and their reversals.

use serde_json::{Value, json};

use super::list;
use crate::transfer::{Reversal, Transfer};

/// JSON of a transfer (<https://docs.stripe.com/api/transfers/object>).
pub(crate) fn transfer(transfer: &Transfer) -> Value {
    let reversals: Vec<_> = transfer.reversals.iter().rev().map(|found| reversal(found, transfer)).collect();
    json!({
        "id": transfer.id,
        "object": "transfer",
        "amount": transfer.amount,
        "amount_reversed": transfer.amount_reversed(),
        "balance_transaction": transfer.balance_transaction,
        "created": transfer.created.as_second(),
        "currency": transfer.currency,
        "description": transfer.description,
        "destination": transfer.destination,
        "destination_payment": transfer.destination_payment,
        "livemode": false,
        "metadata": transfer.metadata,
        "reversals": list(&format!("/v1/transfers/{}/reversals", transfer.id), &reversals, false),
        "reversed": transfer.net() == 0,
        "source_transaction": null,
        "source_type": "card",
        "transfer_group": transfer.transfer_group,
    })
}

/// JSON of a reversal (<https://docs.stripe.com/api/transfer_reversals/object>).
pub(crate) fn reversal(reversal: &Reversal, transfer: &Transfer) -> Value {
    json!({
        "id": reversal.id,
        "object": "transfer_reversal",
        "amount": reversal.amount,
        "balance_transaction": reversal.balance_transaction,
        "created": reversal.created.as_second(),
        "currency": transfer.currency,
        "destination_payment_refund": null,
        "metadata": reversal.metadata,
        "source_refund": null,
        "transfer": transfer.id,
    })
}
