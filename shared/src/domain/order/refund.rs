//! Giving a buyer's money back, all of it or a part.

use super::fulfilment::Fulfilment;
use super::{Order, OrderEvent, OrderId, OrderStatus, Party};
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::require_seller::{SellerRequired, require_seller};
use crate::domain::refund::MAX_REFUNDS;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::Reason;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Decides on a refund. The order's fulfilment asks the gateway for it.
#[derive(Debug, Clone)]
pub struct RefundOrder {
    /// Of which order.
    pub id: OrderId,
    /// Who decides so.
    pub by: Actor,
    /// How much; all that is left, if nothing is said.
    pub amount: Option<Money>,
    /// Why.
    pub reason: Reason,
}

/// Why nothing can be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// The actor does not sell it.
    #[error(transparent)]
    NotTheSeller(#[from] SellerRequired),
    /// The order is not paid, or no longer.
    #[error("only an order that is paid can be refunded")]
    InvalidState,
    /// The amount is zero.
    #[error("must be more than 0")]
    Nothing,
    /// The amount is in another currency than the payment.
    #[error("must be the currency of the payment")]
    OtherCurrency,
    /// The amount is more than is left of the payment, refunds under way included.
    #[error("more than is left of the payment")]
    TooMuch {
        /// What is left.
        left: Money,
    },
    /// The order has had [`MAX_REFUNDS`].
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
        let amount = self.within(order.refundable(&payment))?;
        if order.refunds.len() >= MAX_REFUNDS {
            return Err(RefundError::TooMany);
        }
        let owing =
            order.with_refund_due((&payment.gateway_id, amount), (Party::Seller, self.reason.as_str()), now);
        let order = owing.next_version(now);
        Ok(Change::of(order.clone()).save(&order, OrderEvent::RefundStarted((&order).into())))
    }
}

impl RefundOrder {
    /// The amount, if that much is left.
    fn within(&self, left: Money) -> Result<Money, RefundError> {
        let amount = self.amount.unwrap_or(left);
        if amount.currency() != left.currency() {
            return Err(RefundError::OtherCurrency);
        }
        if left.amount() == 0 {
            return Err(RefundError::TooMuch { left });
        }
        if amount.amount() == 0 {
            return Err(RefundError::Nothing);
        }
        if left.checked_sub(amount).is_err() { Err(RefundError::TooMuch { left }) } else { Ok(amount) }
    }
}
