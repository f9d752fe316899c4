//! Transfers to connected accounts (<https://docs.stripe.com/api/transfers>) and their reversals.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::collection::Identified;

/// Transfer from the balance of the platform to that of a connected account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// `tr_…`
    pub id: String,
    /// Amount in the minor unit of `currency`.
    pub amount: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Id of the connected account.
    pub destination: String,
    /// Id of the payment that the connected account received.
    pub destination_payment: String,
    /// Group by the caller, for which transfers can be listed.
    pub transfer_group: Option<String>,
    /// Description by the caller.
    pub description: Option<String>,
    /// Metadata of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Id of the balance transaction of the transfer.
    pub balance_transaction: String,
    /// Reversals, oldest first.
    pub reversals: Vec<Reversal>,
    /// Idempotency key of the call that created the transfer.
    pub idempotency_key: Option<String>,
    /// Time of the transfer.
    pub created: Timestamp,
}

/// Reversal of a transfer, in full or in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// `trr_…`
    pub id: String,
    /// Amount in the minor unit of the transfer's currency.
    pub amount: i64,
    /// Metadata of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Id of the balance transaction of the reversal.
    pub balance_transaction: String,
    /// Time of the reversal.
    pub created: Timestamp,
}

impl Transfer {
    /// Sum of the reversals.
    #[must_use]
    pub fn amount_reversed(&self) -> i64 {
        self.reversals.iter().map(|reversal| reversal.amount).sum()
    }

    /// Amount that is not reversed.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.amount.saturating_sub(self.amount_reversed())
    }
}

impl Identified for Transfer {
    fn id(&self) -> &str {
        &self.id
    }
}
