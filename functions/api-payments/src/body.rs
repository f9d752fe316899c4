//! A payment as callers see it.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::order::OrderId;
use shared::domain::payment::{GatewayId, Payment, PaymentId};
use shared::domain::values::money::Money;
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

/// What was paid for an order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Payment")]
pub(crate) struct PaymentBody {
    id: PaymentId,
    order_id: OrderId,
    /// What the payment gateway knows it by.
    gateway_id: GatewayId,
    captured: Money,
    /// What of it went back. Refunds under way are shown with the order.
    refunded: Money,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
}

impl Resource for PaymentBody {
    fn location(&self) -> String {
        format!("/v1/payments/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            gateway_id: payment.gateway_id,
            captured: payment.captured,
            refunded: payment.refunded,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
            version: payment.version,
        }
    }
}
