//! Refunds (<https://docs.stripe.com/api/refunds>).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Refund to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// Id of the refunded intent.
    pub payment_intent: String,
    /// Id of the refunded charge.
    pub charge: String,
    /// Order of the intent, so that refunds without metadata can be found by order.
    pub order_id: Option<String>,
    /// Amount in the minor unit of `currency`.
    pub amount: i64,
    /// Currency code in lower case.
    pub currency: String,
    /// Reason: `duplicate`, `fraudulent` or `requested_by_customer`.
    pub reason: Option<String>,
    /// Metadata of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Idempotency key of the call that created the refund.
    pub idempotency_key: Option<String>,
    /// Time of the refund.
    pub created: Timestamp,
}
