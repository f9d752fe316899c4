//! Decision to charge an order.

use serde::{Deserialize, Serialize};

use super::{KEY_LIFETIME, PaymentMethod};
use crate::domain::order::OrderId;
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// Decision to charge an order, committed before the gateway is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargeIntent {
    /// Id of the order.
    pub order_id: OrderId,
    /// Amount to charge.
    pub amount: Money,
    /// Payment method to charge.
    pub method: PaymentMethod,
    /// Number of the charge attempt, from 1. The next attempt starts only if the previous charge was
    /// certainly not made.
    pub attempt: u32,
    /// Time of the decision.
    pub decided_at: Timestamp,
    /// Time at which the gateway was found to repeat an error for the idempotency key. The key makes no
    /// charge any more. Only a lookup at the gateway shows whether the charge was made before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// True if the charge is made in the transfer group of its order, among whose charges it is found. False
    /// if an earlier version of this software decided to make it.
    #[serde(default, rename = "grouped")]
    pub in_transfer_group: bool,
}

impl ChargeIntent {
    /// First charge attempt of an order.
    #[must_use]
    pub const fn first(order_id: OrderId, amount: Money, method: PaymentMethod, now: Timestamp) -> Self {
        let (attempt, decided_at, failed_at) = (1, now, None);
        Self { order_id, amount, method, attempt, decided_at, failed_at, in_transfer_group: true }
    }

    /// Idempotency key, with which the gateway makes the charge at most once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-charge-{}", self.order_id, self.attempt)
    }

    /// Next charge attempt, after this charge was certainly not made.
    #[must_use]
    pub fn next_attempt(self, now: Timestamp) -> Self {
        let attempt = self.attempt.saturating_add(1);
        Self { attempt, decided_at: now, failed_at: None, in_transfer_group: true, ..self }
    }

    /// Same attempt, with the gateway's error recorded.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        Self { failed_at: Some(now), ..self }
    }

    /// Returns true if a request with the idempotency key still returns the outcome of the charge.
    #[must_use]
    pub fn key_is_live(&self, now: Timestamp) -> bool {
        self.failed_at.is_none() && now.duration_since(self.decided_at) < KEY_LIFETIME
    }

    /// Time from which the idempotency key is no longer used and no charge can be made with it.
    #[must_use]
    pub fn key_expires_at(&self) -> Timestamp {
        self.failed_at.unwrap_or_else(|| self.decided_at.saturating_add(KEY_LIFETIME))
    }
}
