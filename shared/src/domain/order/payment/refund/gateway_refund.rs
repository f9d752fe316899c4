//! Refunds as reported by the gateway.

use super::RefundStatus;
use crate::domain::order::OrderId;
use crate::domain::order::payment::{DeclineCode, GatewayId};
use crate::domain::values::money::Money;

/// Present state of a refund at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    /// Id of the refund at the gateway.
    pub id: GatewayId,
    /// Id of the refunded payment at the gateway.
    pub payment: GatewayId,
    /// Order of the payment, according to the gateway.
    pub order_id: Option<OrderId>,
    /// Name of the [`RefundIntent`](super::RefundIntent) that requested it; `None` if it was made at the gateway
    /// itself, for example in its dashboard.
    pub name: Option<String>,
    /// Refunded amount.
    pub amount: Money,
    /// Status.
    pub status: RefundStatus,
    /// Reason code of the failure.
    pub failure: Option<DeclineCode>,
}
