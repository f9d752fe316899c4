//! Marking an order as shipped.

use super::Shipment;
use crate::domain::access::AccessError;
use crate::domain::order::fulfilment::advance::{OrderAndPayment, order_and_payment};
use crate::domain::order::state_machine::commit::PaidOrder;
use crate::domain::order::state_machine::require_seller::require_seller;
use crate::domain::order::{Order, OrderEvent, OrderId};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Marks a confirmed order as shipped.
#[derive(Debug, Clone)]
pub struct ShipOrder {
    /// Id of the order.
    pub id: OrderId,
    /// Actor that reports the shipment.
    pub by: Actor,
    /// Carrier and tracking number.
    pub shipment: Shipment,
}

/// Reason why an order cannot be marked as shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipError {
    /// The actor has no access to the order.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The order is not confirmed, is being refunded in full, or has no units left to ship.
    #[error(
        "order {0} cannot be marked as shipped: it is not confirmed, is being refunded in full, or has no units left"
    )]
    InvalidState(OrderId),
}

impl Command for ShipOrder {
    type State = OrderAndPayment;
    type Output = Order;
    type Error = ShipError;

    fn reads(&self) -> ReadSet<Self::State> {
        order_and_payment(self.id)
    }

    /// # Errors
    /// [`ShipError`].
    fn decide(
        &self,
        (order, payment): Self::State,
        now: Timestamp,
    ) -> Result<Change<Order, ShipError>, ShipError> {
        let (order, payment) = (require_seller(self.id, order, &self.by)?, payment.as_ref());
        let shipped = order.clone().shipped(self.shipment.clone(), payment, now);
        let shipped = shipped.map_err(|_| ShipError::InvalidState(self.id))?;
        let before = PaidOrder { order: &order, payment };
        let saved = PaidOrder { order: &shipped, ..before }
            .commit(before, OrderEvent::Shipped, None, |_| ShipError::InvalidState(self.id));
        Ok(saved.with_output(shipped))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::order::shipment::deliver::{DeliverError, DeliverOrder};
    use crate::domain::order::tests::{confirmed, placed, placed_free};
    use crate::domain::tests::{BUYER, SELLER, STRANGER, actor, at, decide, moderator, refusal};

    fn ship(by: Actor) -> ShipOrder {
        let (carrier, tracking_number) = ("DHL".parse().unwrap(), "1".parse().unwrap());
        ShipOrder { id: placed(None).id, by, shipment: Shipment { carrier, tracking_number } }
    }

    #[test]
    fn shipment_is_stored() {
        let (order, payment) = confirmed();
        let shipped = decide(&ship(actor(SELLER)), (Some(order), Some(payment.clone())), at(7));
        assert_eq!(shipped.stored::<Order>(), shipped.output);
        assert_eq!(shipped.output.shipment, Some(ship(actor(SELLER)).shipment));
        assert_eq!(shipped.events(), [("order.shipped", shipped.output.version)]);

        let deliver = DeliverOrder { id: placed(None).id, by: actor(SELLER) };
        let delivered = decide(&deliver, (Some(shipped.output), Some(payment)), at(8));
        assert_eq!(delivered.stored::<Order>(), delivered.output);
        assert_eq!(delivered.events(), [("order.delivered", delivered.output.version)]);
    }

    #[test]
    fn only_the_seller_ships_and_delivers() {
        let forbidden = AccessError::Forbidden("only the seller of the order may do this");
        let (order, payment) = confirmed();
        for (by, order, error) in [
            (actor(SELLER), None, AccessError::not_found(placed(None).id)),
            (actor(STRANGER), Some(&order), AccessError::not_found(placed(None).id)),
            (actor(BUYER), Some(&order), forbidden),
            (moderator(), Some(&order), forbidden),
        ] {
            let state = (order.cloned(), Some(payment.clone()));
            assert_eq!(refusal(&ship(by), state, at(7)), error.into());
            let deliver = DeliverOrder { id: placed(None).id, by };
            assert_eq!(refusal(&deliver, (order.cloned(), None), at(7)), error.into());
        }
    }

    #[test]
    fn order_with_total_zero_is_shipped_without_payment() {
        let confirmed = placed_free(None).reserved(Duration::from_hours(1), at(1)).unwrap();
        let shipped = decide(&ship(actor(SELLER)), (Some(confirmed), None), at(7));
        assert_eq!(shipped.events(), [("order.shipped", shipped.output.version)]);
    }

    #[test]
    fn order_is_shipped_once_paid_and_delivered_once_shipped() {
        let (order, payment) = confirmed();
        let refused = |order, payment| refusal(&ship(actor(SELLER)), (Some(order), payment), at(7));
        assert_eq!(refused(order.clone(), None), ShipError::InvalidState(order.id));
        assert_eq!(refused(placed(None), Some(payment)), ShipError::InvalidState(order.id));
        let deliver = DeliverOrder { id: order.id, by: actor(SELLER) };
        assert_eq!(
            refusal(&deliver, (Some(order), None), at(7)),
            DeliverError::InvalidState(placed(None).id)
        );
    }
}
