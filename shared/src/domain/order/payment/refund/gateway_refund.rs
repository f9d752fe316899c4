//! Refunds as reported by the gateway.

use super::{RefundIntent, RefundStatus};
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
    /// Name of the [`RefundIntent`] that requested it; `None` if it was made at the gateway itself, for
    /// example in its dashboard.
    pub name: Option<String>,
    /// Refunded amount.
    pub amount: Money,
    /// Status.
    pub status: RefundStatus,
    /// Reason code of the failure.
    pub failure: Option<DeclineCode>,
}

impl GatewayRefund {
    /// Returns true if this intent requested the refund, in any of its attempts.
    #[must_use]
    pub fn is_requested_by(&self, intent: &RefundIntent) -> bool {
        self.payment == intent.gateway_id && self.name.as_ref() == Some(&intent.name())
    }
}
