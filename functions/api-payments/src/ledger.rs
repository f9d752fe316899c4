//! The ledger: balances of markets, journal entries, and the trial balance.

pub(crate) mod balance;
pub(crate) mod entries;
pub(crate) mod trial_balance;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::values::money::Currency;

/// Amount that can be below zero. It can exceed the maximum of a single payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SignedMoney", extend("examples" = [{ "amount": -450, "currency": "EUR" }]))]
pub(crate) struct SignedMoney {
    /// Minor units of the currency, for example cents.
    amount: i64,
    /// Currency of the amount.
    currency: Currency,
}
