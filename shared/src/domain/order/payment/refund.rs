//! Refunds. Each has a number within its order and is made once.

pub mod check;
pub mod gateway_refund;
pub mod lines;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::domain::order::{OrderId, Party};
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;
use lines::RefundLine;

/// Maximum number of refunds of an order, not counting those that failed or were cancelled.
pub const MAX_REFUNDS: usize = 20;
/// Maximum number of refunds of an order, counting those that failed or were cancelled. It limits the size of
/// the order.
pub const MAX_REQUESTED_REFUNDS: usize = 100;

/// Refund of an order. It is stored in its order and decided under the order's version, so concurrent refunds
/// never exceed the captured amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Number of the refund within its order, from 1.
    pub number: u32,
    /// Id of the refunded payment at the gateway.
    pub gateway_id: GatewayId,
    /// Amount to refund.
    pub amount: Money,
    /// Refunded parts of the lines, in their order. They add up to the amount. Empty if the refund failed, or is
    /// one of a capture that does not pay for the lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundLine>,
    /// Party that decided on the refund.
    pub by: Party,
    /// Reason for the refund.
    pub reason: String,
    /// Status of the refund.
    pub status: RefundStatus,
    /// Reason code with which the gateway refused the refund, or with which it failed.
    pub failure: Option<DeclineCode>,
    /// Number of the last refund of the order when this one failed: only later ones replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_after: Option<u32>,
    /// Part of the amount by which the commission is reduced while a refund that has failed is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<Money>,
    /// Id of the refund at the gateway, once the gateway has accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<GatewayId>,
    /// Number of the refund attempt, from 1. The next attempt starts only if the previous one certainly made
    /// no refund.
    pub attempt: u32,
    /// Time at which the current attempt was decided.
    pub decided_at: Timestamp,
    /// Time at which the refund was decided.
    pub at: Timestamp,
}

/// Status of a refund, as at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Decided, or accepted by the gateway, but not made yet.
    Pending,
    /// The gateway waits for the buyer, for example for the number of a bank account.
    RequiresAction,
    /// The amount was refunded. The refund can still fail if the buyer's bank returns the money.
    Succeeded,
    /// The gateway refused the refund, or the buyer's bank returned the money: nothing was refunded.
    Failed,
    /// The refund was withdrawn before it was made: nothing was refunded.
    Cancelled,
}

impl RefundStatus {
    /// Returns true if nothing was or will be refunded.
    #[must_use]
    pub const fn is_unmade(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }

    /// Returns true if the refund is neither made nor ended.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::RequiresAction)
    }
}

impl Refund {
    /// Returns true if the refund is neither made nor ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// Returns true if the refund must still be requested from the gateway.
    #[must_use]
    pub const fn is_due(&self) -> bool {
        self.is_open() && self.refund_id.is_none()
    }

    /// Returns true if the gateway includes the refund in the refunded amount of its payment: it has accepted
    /// the refund, and the refund has not failed.
    #[must_use]
    pub fn counts_at_gateway(&self) -> bool {
        !self.status.is_unmade() && !self.is_due()
    }

    /// Request to the gateway for the current attempt.
    #[must_use]
    pub fn intent(&self, order_id: OrderId) -> RefundIntent {
        let (number, attempt, amount) = (self.number, self.attempt, self.amount);
        let (gateway_id, decided_at) = (self.gateway_id.clone(), self.decided_at);
        RefundIntent { order_id, number, gateway_id, amount, attempt, decided_at }
    }
}

/// Rest of a captured amount after these refunds.
pub(crate) fn left_of<'a>(captured: Money, refunds: impl Iterator<Item = &'a Refund>) -> Money {
    let left = refunds.map(|refund| refund.amount).try_fold(captured, Money::checked_sub);
    left.unwrap_or(Money::zero(captured.currency()))
}

/// Refund to request from the gateway, committed before the gateway is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundIntent {
    /// Id of the order.
    pub order_id: OrderId,
    /// Number of the refund within its order.
    pub number: u32,
    /// Id of the refunded payment at the gateway.
    pub gateway_id: GatewayId,
    /// Amount to refund.
    pub amount: Money,
    /// Number of the refund attempt, from 1.
    pub attempt: u32,
    /// Time at which this attempt was decided.
    pub decided_at: Timestamp,
}

impl RefundIntent {
    /// Name of the refund at the gateway. It is the same for all attempts and is used to look up the refund.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-refund-{}", self.order_id, self.number)
    }

    /// Idempotency key, with which the gateway makes the refund at most once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-{}", self.name(), self.attempt)
    }
}
