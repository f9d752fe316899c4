//! What only the seller of an order may do.

use super::Order;
use crate::domain::values::actor::Actor;

/// Why somebody cannot do what only the seller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SellerRequired {
    /// There is no such order, or it is none of the actor's business.
    #[error("there is no such order")]
    NotFound,
    /// The actor may see the order, and does not sell it.
    #[error("only the seller of the order may do this")]
    Forbidden,
}

/// The order, if `actor` sells it; who buys in a market of their own is both.
pub(super) fn require_seller(order: Option<Order>, actor: &Actor) -> Result<Order, SellerRequired> {
    let order = order.filter(|order| order.is_visible_to(actor)).ok_or(SellerRequired::NotFound)?;
    if order.seller_id == actor.user { Ok(order) } else { Err(SellerRequired::Forbidden) }
}
