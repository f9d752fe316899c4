//! Calling an order off.

use super::{Order, OrderEvent, OrderId};
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::values::actor::Actor;
use crate::domain::values::text::Reason;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Calls an order off, by its buyer or its seller, before it ships.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// Which order.
    pub id: OrderId,
    /// Who calls it off.
    pub by: Actor,
    /// Why.
    pub reason: Option<Reason>,
}

/// Why an order cannot be called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// There is no such order, or it is none of the actor's business.
    #[error("there is no such order")]
    NotFound,
    /// The actor may see it but has no part in it.
    #[error("only the buyer and the seller cancel an order")]
    NotAParty,
    /// It has shipped, it is over, or all of its money is on its way back.
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

    /// Stock that nobody has paid for goes back at once; where money may have moved, the fulfilment sees to both.
    ///
    /// # Errors
    /// [`CancelError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, CancelError>, CancelError> {
        let order = order.filter(|order| order.is_visible_to(&self.by)).ok_or(CancelError::NotFound)?;
        let party = order.party(&self.by).ok_or(CancelError::NotAParty)?;
        let before = order.pieces();
        let reason = self.reason.clone().map(String::from);
        let cancelled = order.cancelled(party, reason, payment.as_ref(), now);
        let cancelled = cancelled.map_err(|_| CancelError::TooLate)?;
        let change =
            Change::of(cancelled.clone()).save(&cancelled, OrderEvent::Cancelled((&cancelled).into()));
        Ok(cancelled.move_stock(before, change, |_| CancelError::TooLate))
    }
}
