//! Check that the actor is the seller of an order.

use crate::domain::order::Order;
use crate::domain::values::actor::Actor;

/// Reason why an operation reserved for the seller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SellerRequired {
    /// The order does not exist or is not visible to the actor.
    #[error("order not found")]
    NotFound,
    /// The actor may read the order but is not its seller.
    #[error("only the seller of the order may do this")]
    Forbidden,
}

/// Returns the order if `actor` is its seller. A buyer who orders in their own market is also the seller.
pub(crate) fn require_seller(order: Option<Order>, actor: &Actor) -> Result<Order, SellerRequired> {
    let order = order.filter(|order| order.is_visible_to(actor)).ok_or(SellerRequired::NotFound)?;
    if order.seller_id == actor.user { Ok(order) } else { Err(SellerRequired::Forbidden) }
}
