//! Refunds, see <https://docs.stripe.com/api/refunds>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Money that went back to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// The intent whose charge it is taken from.
    pub payment_intent: String,
    /// The charge that it is taken from.
    pub charge: String,
    /// The order of the intent, so that refunds are found by order even without metadata of their own.
    pub order_id: Option<String>,
    /// In the minor unit of `currency`.
    pub amount: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// `duplicate`, `fraudulent` or `requested_by_customer`.
    pub reason: Option<String>,
    /// What the caller attached.
    pub metadata: BTreeMap<String, String>,
    /// The idempotency key of the call that refunded.
    pub idempotency_key: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}
