//! Cancelling an order.

use super::{Order, OrderEvent, OrderId};
use crate::domain::access::AccessError;
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::state_machine::commit::PaidOrder;
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
    #[error("order {0} can no longer be cancelled")]
    TooLate(OrderId),
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
        let order =
            order.filter(|order| order.is_visible_to(&self.by)).ok_or(AccessError::not_found(self.id))?;
        let party = order.party(&self.by);
        let party =
            party.ok_or(AccessError::Forbidden("only the buyer or the seller can cancel the order"))?;
        let (before, payment) = (order.clone(), payment.as_ref());
        let reason = self.reason.clone().map(String::from);
        let cancelled = order.cancelled(party, reason, payment, now);
        let cancelled = cancelled.map_err(|_| CancelError::TooLate(self.id))?;
        let before = PaidOrder { order: &before, payment };
        let saved =
            PaidOrder { order: &cancelled, ..before }
                .commit(before, OrderEvent::Cancelled, None, |_| CancelError::TooLate(self.id));
        Ok(saved.with_output(cancelled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::fulfilment::Fulfilment;
    use crate::domain::order::tests::placed;
    use crate::domain::order::{OrderStatus, Party, Transition};
    use crate::domain::tests::{BUYER, SELLER, STRANGER, actor, at, decide, moderator, refusal};

    fn cancel(by: Actor) -> CancelOrder {
        CancelOrder { id: placed(None).id, by, reason: Some("too late".parse().unwrap()) }
    }

    #[test]
    fn party_and_reason_are_in_the_timeline() {
        for (user, by) in [(BUYER, Party::Buyer), (SELLER, Party::Seller)] {
            let cancelled = decide(&cancel(actor(user)), (Some(placed(None)), None), at(7));
            let (status, reason) = (OrderStatus::Cancelled, Some("too late".to_owned()));
            let mut timeline = placed(None).timeline;
            timeline.push(Transition { status, at: at(7), by, reason });
            let expected = Order {
                version: placed(None).version.next(),
                status,
                fulfilment: Fulfilment::Finished,
                timeline,
                updated_at: at(7),
                ..placed(None)
            };
            assert_eq!((cancelled.stored(), &cancelled.output), (expected.clone(), &expected));
            assert_eq!(cancelled.events(), [("order.cancelled", expected.version)]);
        }
    }

    #[test]
    fn only_buyer_and_seller_cancel_an_open_order() {
        let refused = |by, order| refusal(&cancel(by), (order, None), at(7));
        assert_eq!(refused(actor(BUYER), None), AccessError::not_found(placed(None).id).into());
        assert_eq!(
            refused(actor(STRANGER), Some(placed(None))),
            AccessError::not_found(placed(None).id).into()
        );
        let forbidden = AccessError::Forbidden("only the buyer or the seller can cancel the order");
        assert_eq!(refused(moderator(), Some(placed(None))), forbidden.into());
        let rejected = placed(None).out_of_stock("out of stock".to_owned(), at(0)).unwrap();
        assert_eq!(refused(actor(BUYER), Some(rejected)), CancelError::TooLate(placed(None).id));
    }
}
