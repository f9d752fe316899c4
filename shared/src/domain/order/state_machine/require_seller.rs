//! Check that the actor is the seller of an order.

use crate::domain::access::{AccessError, forbid_unless};
use crate::domain::order::{Order, OrderId};
use crate::domain::values::actor::Actor;

/// Returns the order if `actor` is its seller. A buyer who orders in their own market is also the seller.
pub(crate) fn require_seller(id: OrderId, order: Option<Order>, actor: &Actor) -> Result<Order, AccessError> {
    let order = order.filter(|order| order.is_visible_to(actor)).ok_or(AccessError::not_found(id))?;
    forbid_unless(order.seller_id == actor.user, "only the seller of the order may do this")?;
    Ok(order)
}
