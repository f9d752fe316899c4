//! Refunding an order, in full or in part.

use super::fulfilment::Fulfilment;
use super::{Order, OrderEvent, OrderId, OrderStatus, Party};
use crate::domain::access::AccessError;
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::payment::refund::MAX_REFUNDS;
use crate::domain::order::state_machine::require_seller::require_seller;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::Reason;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Decides on a refund. The order's fulfilment requests it from the gateway.
#[derive(Debug, Clone)]
pub struct RefundOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that decides on the refund.
    pub by: Actor,
    /// Amount to refund; `None` refunds the remaining amount.
    pub amount: Option<Money>,
    /// Reason for the refund.
    pub reason: Reason,
}

/// Reason why a refund is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order is not paid, or is already fully refunded.
    #[error("only a paid order can be refunded")]
    InvalidState,
    /// The amount is zero.
    #[error("must be more than 0")]
    ZeroAmount,
    /// The currency differs from that of the payment.
    #[error("must be the same as the currency of the payment")]
    OtherCurrency,
    /// The amount exceeds the refundable amount of the payment. Pending refunds count as refunded.
    #[error("at most {} {} can still be refunded", .left.amount(), .left.currency().as_str())]
    AmountTooLarge {
        /// Refundable amount.
        left: Money,
    },
    /// The order already has [`MAX_REFUNDS`] refunds.
    #[error("an order can have at most {MAX_REFUNDS} refunds")]
    TooMany,
}

impl Command for RefundOrder {
    type State = OrderAndPayment;
    type Output = Order;
    type Error = RefundError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`RefundError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, RefundError>, RefundError> {
        let order = require_seller(order, &self.by)?;
        let paid =
            matches!(order.status, OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered);
        let payment = payment.filter(|_| paid && order.fulfilment == Fulfilment::Finished);
        let payment = payment.ok_or(RefundError::InvalidState)?;
        let amount = self.within(payment.refundable(&order.refunds))?;
        if order.refunds.len() >= MAX_REFUNDS {
            return Err(RefundError::TooMany);
        }
        let refunding =
            order.with_refund_due(&payment.gateway_id, amount, Party::Seller, self.reason.as_str(), now);
        let order = refunding.next_version(now);
        Ok(Change::of(order.clone()).save(&order, OrderEvent::RefundStarted((&order).into())))
    }
}

impl RefundOrder {
    /// Returns the amount to refund, if it is refundable.
    fn within(&self, left: Money) -> Result<Money, RefundError> {
        let amount = self.amount.unwrap_or(left);
        if amount.currency() != left.currency() {
            return Err(RefundError::OtherCurrency);
        }
        if left.amount() == 0 {
            return Err(RefundError::AmountTooLarge { left });
        }
        if amount.amount() == 0 {
            return Err(RefundError::ZeroAmount);
        }
        if left.checked_sub(amount).is_err() { Err(RefundError::AmountTooLarge { left }) } else { Ok(amount) }
    }
}
