//! Refunds: money that goes back to the buyer. Each has a number within its order and is made once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::order::{OrderId, Party};
use super::payment::{DeclineCode, GatewayId};
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// How many refunds an order can have.
pub const MAX_REFUNDS: usize = 20;

/// Money that goes back, or went. It is kept with its order, under whose version it is decided on: so many refunds as
/// come at once, they never add up to more than was captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Counts the refunds of its order, from 1.
    pub number: u32,
    /// Of which capture.
    pub gateway_id: GatewayId,
    /// How much.
    pub amount: Money,
    /// Who decided on it.
    pub by: Party,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub status: RefundStatus,
    /// Why the gateway refused it, if it did.
    pub failure: Option<DeclineCode>,
    /// Counts the requests decided on, from 1: a further one only once it is certain that the one before was not done.
    pub attempt: u32,
    /// When the present attempt was decided on.
    pub decided_at: Timestamp,
    /// When the refund was asked for.
    pub at: Timestamp,
}

/// What became of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RefundStatus {
    /// It is decided on; what became of it is the gateway's to say.
    Pending,
    /// The money went back.
    Succeeded,
    /// The gateway refused it: the money stayed.
    Failed,
}

impl Refund {
    /// Whether the gateway has still to say what became of it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status == RefundStatus::Pending
    }

    /// What is asked of the gateway.
    #[must_use]
    pub fn intent(&self, order_id: OrderId) -> RefundIntent {
        let (number, attempt, amount) = (self.number, self.attempt, self.amount);
        let (gateway_id, decided_at) = (self.gateway_id.clone(), self.decided_at);
        RefundIntent { order_id, number, gateway_id, amount, attempt, decided_at }
    }
}

/// The decision to give back, made before the gateway hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundIntent {
    /// For what.
    pub order_id: OrderId,
    /// Which of the order's refunds.
    pub number: u32,
    /// Of which capture.
    pub gateway_id: GatewayId,
    /// How much.
    pub amount: Money,
    /// Counts the requests decided on, from 1.
    pub attempt: u32,
    /// When this request was decided on.
    pub decided_at: Timestamp,
}

impl RefundIntent {
    /// The refund's name at the gateway, the same for every attempt: by it, it is found again.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-refund-{}", self.order_id, self.number)
    }

    /// The key under which the gateway does it at most once.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-{}", self.name(), self.attempt)
    }
}
