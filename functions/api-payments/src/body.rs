//! Response body of a payment.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::order::OrderId;
use shared::domain::order::payment::{GatewayId, Payment, PaymentId};
use shared::domain::values::money::Money;
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

/// Payment of an order: the amounts captured and refunded.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Payment",
    extend("examples" = [{
        "id": "pay_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "orderId": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "gatewayId": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "captured": { "amount": 3998, "currency": "EUR" },
        "refunded": { "amount": 1999, "currency": "EUR" },
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-20T12:30:00.000Z",
        "version": 2,
    }])
)]
pub(crate) struct PaymentBody {
    /// Id of the payment.
    id: PaymentId,
    /// Id of the order.
    order_id: OrderId,
    /// Id of the payment at the payment gateway.
    gateway_id: GatewayId,
    /// Captured amount.
    captured: Money,
    /// Refunded amount. It does not contain pending refunds, which are returned with the order.
    refunded: Money,
    /// Time at which the capture was recorded.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
    /// Version of the payment, from 1.
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
