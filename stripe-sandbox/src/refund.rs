//! Refunds (<https://docs.stripe.com/api/refunds>).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Status of a refund (<https://docs.stripe.com/api/refunds/object#refund_object-status>). Refunds to cards
/// never have the status `requires_action`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The refund is not made yet.
    Pending,
    /// The refund was made. It can still fail.
    #[default]
    Succeeded,
    /// The refund was not made, or the bank has returned it.
    Failed,
}

impl RefundStatus {
    /// Name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

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
    /// Status.
    #[serde(default)]
    pub status: RefundStatus,
    /// Status that the refund changes to when it is settled.
    #[serde(default)]
    pub settles_as: Option<RefundStatus>,
    /// Reason: `duplicate`, `fraudulent` or `requested_by_customer`.
    pub reason: Option<String>,
    /// Id of the balance transaction of the refund.
    #[serde(default)]
    pub balance_transaction: Option<String>,
    /// Id of the balance transaction that returned the amount after the refund failed.
    #[serde(default)]
    pub failure_balance_transaction: Option<String>,
    /// Metadata of the caller.
    pub metadata: BTreeMap<String, String>,
    /// Idempotency key of the call that created the refund.
    pub idempotency_key: Option<String>,
    /// Time of the refund.
    pub created: Timestamp,
}

impl Refund {
    /// Reason of the failure, as in Stripe's `failure_reason`.
    #[must_use]
    pub fn failure_reason(&self) -> Option<&'static str> {
        (self.status == RefundStatus::Failed).then_some("expired_or_canceled_card")
    }

    /// The refund after its asynchronous change. `None` if there is none.
    pub(super) fn settled(self) -> Option<Self> {
        let status = self.settles_as?;
        Some(Self { status, settles_as: None, ..self })
    }
}
