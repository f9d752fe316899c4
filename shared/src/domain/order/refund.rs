//! Refunding an order, in full or in part.

pub mod by_line;
#[cfg(test)]
mod tests;

use super::fulfilment::Fulfilment;
use super::{Order, OrderEvent, OrderId, OrderStatus, Party};
use crate::domain::access::{AccessError, forbid_unless};
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::payment::refund::{MAX_REFUNDS, MAX_REQUESTED_REFUNDS};
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::order::state_machine::commit::PaidOrder;
use crate::domain::order::state_machine::refund_transitions::DueRefund;
use crate::domain::product::ProductId;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::Reason;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;
use by_line::LinesToRefund;

/// Decides on a refund, on behalf of the seller or of the marketplace. The order's fulfilment requests it
/// from the gateway. An order that has ended can be refunded if it kept money, because a refund has failed.
#[derive(Debug, Clone)]
pub struct RefundOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that decides on the refund.
    pub by: Actor,
    /// True if the actor may refund orders of all sellers.
    pub may_refund_any: bool,
    /// Part of the order to refund.
    pub part: RefundPart,
    /// Reason for the refund.
    pub reason: Reason,
}

/// Part of an order to refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundPart {
    /// Everything that is not refunded yet.
    Rest,
    /// An amount, which is distributed over what is left of the lines.
    Amount(Money),
    /// Lines.
    Lines(LinesToRefund),
}

/// Reason why a refund is not possible. `index` is the zero-based position of the item in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order is not paid, or is already fully refunded.
    #[error("order {0} cannot be refunded: it is not paid, or is already refunded")]
    InvalidState(OrderId),
    /// The total of the order is zero.
    #[error("order {0} cannot be refunded: its total is 0, so there is nothing to refund")]
    NothingToRefund(OrderId),
    /// The amount is zero.
    #[error("must be more than 0")]
    ZeroAmount,
    /// The currency differs from that of the payment.
    #[error("must be the same as the currency of the payment")]
    OtherCurrency,
    /// The amount exceeds the refundable amount of the payment. Pending refunds count as refunded.
    #[error(
        "at most {} {} of order {order} can still be refunded",
        .left.amount(),
        .left.currency().as_str()
    )]
    AmountTooLarge {
        /// Id of the order.
        order: OrderId,
        /// Refundable amount.
        left: Money,
    },
    /// The order has no line of this product.
    #[error("must be a product of the order")]
    NoSuchLine {
        /// Position of the item.
        index: usize,
    },
    /// The product is listed more than once.
    #[error("must not be listed more than once")]
    Repeated {
        /// Position of the repetition.
        index: usize,
    },
    /// The order is not shipped.
    #[error("must be false, because the order has no shipping")]
    NoShipping,
    /// Fewer units of the product are left to refund. Pending refunds count as refunded.
    #[error("only {left} of the units of product {product} in order {order} can still be refunded")]
    TooManyUnits {
        /// Id of the order.
        order: OrderId,
        /// Id of the product.
        product: ProductId,
        /// Position of the item.
        index: usize,
        /// Number of units that can be refunded.
        left: u32,
    },
    /// The lines are free, or refunded.
    #[error("nothing is left to refund of these lines of order {0}")]
    NothingLeft(OrderId),
    /// The order already has the maximum number of refunds.
    #[error("order {0} has {1} refunds, which is the maximum")]
    TooMany(OrderId, usize),
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
        let (order, by) = self.authorize(order)?;
        let payment = payment.filter(|_| order.fulfilment == Fulfilment::Finished);
        let refundable = payment.as_ref().map(|payment| order.refundable(payment));
        if order.is_free() && refundable.as_ref().is_none_or(|(_, left)| left.amount() == 0) {
            return Err(RefundError::NothingToRefund(self.id));
        }
        let is_active =
            matches!(order.status, OrderStatus::Confirmed | OrderStatus::Shipped | OrderStatus::Delivered);
        let refundable = refundable.filter(|(_, left)| is_active || left.amount() > 0);
        let (capture, payment) = refundable.zip(payment).ok_or(RefundError::InvalidState(self.id))?;
        let before = order.clone();
        let (order, due) = self.due_refund(order, &payment, capture)?;
        if order.refunds.len() >= MAX_REQUESTED_REFUNDS {
            return Err(RefundError::TooMany(self.id, MAX_REQUESTED_REFUNDS));
        }
        // Refunds that were not made do not count, so that their amount can be refunded again.
        if order.refunds.iter().filter(|refund| !refund.status.is_unmade()).count() >= MAX_REFUNDS {
            return Err(RefundError::TooMany(self.id, MAX_REFUNDS));
        }
        let refunding = order.with_refund_of_lines_due(due, by, self.reason.as_str(), now);
        let order = refunding.with_refunds_by_line(&payment).next_version(now);
        let payment = Some(&payment);
        let before = PaidOrder { order: &before, payment };
        let saved =
            PaidOrder { order: &order, ..before }
                .commit(before, OrderEvent::RefundStarted, None, |_| RefundError::InvalidState(self.id));
        Ok(saved.with_output(order))
    }
}

impl RefundOrder {
    /// Returns the order with the party on whose behalf the actor may refund it.
    fn authorize(&self, order: Option<Order>) -> Result<(Order, Party), AccessError> {
        let visible = order.filter(|order| order.is_visible_to(&self.by));
        let order = visible.ok_or(AccessError::not_found(self.id))?;
        if order.seller_id == self.by.user {
            return Ok((order, Party::Seller));
        }
        forbid_unless(self.may_refund_any, "only the seller of the order may do this")?;
        Ok((order, Party::System))
    }

    /// Returns the refund that becomes due, if it is refundable. `capture` is the payment at the gateway to refund
    /// next, with its refundable amount.
    fn due_refund(
        &self,
        order: Order,
        payment: &Payment,
        (gateway_id, left): (GatewayId, Money),
    ) -> Result<(Order, DueRefund), RefundError> {
        let RefundPart::Lines(lines) = &self.part else {
            let amount = self.within(left)?;
            return Ok((order, DueRefund { gateway_id, amount, lines: Vec::new() }));
        };
        if payment.captured != order.total() {
            return Err(RefundError::InvalidState(self.id));
        }
        let mut order = order.with_refunds_by_line(payment);
        let (lines, amount) = lines.price(&mut order)?;
        let left = payment.refundable(&order.refunds);
        left.checked_sub(amount).map_err(|_| RefundError::AmountTooLarge { order: self.id, left })?;
        Ok((order, DueRefund { gateway_id: payment.gateway_id.clone(), amount, lines }))
    }

    /// Returns the amount to refund, if it is refundable.
    fn within(&self, left: Money) -> Result<Money, RefundError> {
        let amount = if let RefundPart::Amount(amount) = self.part { amount } else { left };
        if amount.currency() != left.currency() {
            return Err(RefundError::OtherCurrency);
        }
        if left.amount() == 0 {
            return Err(RefundError::AmountTooLarge { order: self.id, left });
        }
        if amount.amount() == 0 {
            return Err(RefundError::ZeroAmount);
        }
        if left.checked_sub(amount).is_err() {
            Err(RefundError::AmountTooLarge { order: self.id, left })
        } else {
            Ok(amount)
        }
    }
}
