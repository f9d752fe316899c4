//! Cancelling an order.

use super::{Order, OrderEvent, OrderId};
use crate::domain::access::AccessError;
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::values::actor::Actor;
use crate::domain::values::text::Reason;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Cancels an order that has not shipped, on behalf of its buyer or its seller.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that cancels the order.
    pub by: Actor,
    /// Reason given by the actor.
    pub reason: Option<Reason>,
}

/// Reason why an order cannot be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order has shipped, has ended, or its payment is already being refunded in full.
    #[error("the order can no longer be cancelled")]
    TooLate,
}

impl Command for CancelOrder {
    type State = OrderAndPayment;
    type Output = Order;
    type Error = CancelError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// Releases unpaid stock at once. If money may have moved, the fulfilment saga refunds it and releases
    /// the stock.
    ///
    /// # Errors
    /// [`CancelError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, CancelError>, CancelError> {
        let order = order.filter(|order| order.is_visible_to(&self.by)).ok_or(AccessError::NotFound)?;
        let party = order.party(&self.by);
        let party =
            party.ok_or(AccessError::Forbidden("only the buyer or the seller can cancel the order"))?;
        let before = order.stock_position();
        let reason = self.reason.clone().map(String::from);
        let cancelled = order.cancelled(party, reason, payment.as_ref(), now);
        let cancelled = cancelled.map_err(|_| CancelError::TooLate)?;
        let change =
            Change::of(cancelled.clone()).save(&cancelled, OrderEvent::Cancelled((&cancelled).into()));
        Ok(cancelled.move_stock(before, change, |_| CancelError::TooLate))
    }
}
