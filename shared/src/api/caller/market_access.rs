//! Access to the orders and the money of a market.

use crate::api::HasPermission;
use crate::api::permission::PermissionType;
use crate::domain::access::{AccessError, require_permission};
use crate::domain::market::MarketId;
use crate::domain::values::actor::Actor;
use crate::kit::aws::dynamodb::DynamoReader;
use crate::kit::error::ApiError;
use crate::repository::market::MarketReader;

/// Requires that the caller may read the orders and the money of a market: its creator, and callers with the
/// permission. Those of a deleted market remain readable.
///
/// # Errors
/// 404 if the market does not exist or is not visible to the caller; 403 if it is visible but not their own.
pub async fn require_market_access<P: PermissionType>(
    actor: &Actor,
    reads_any: HasPermission<P>,
    id: MarketId,
    markets: &DynamoReader,
) -> Result<(), ApiError> {
    let market = markets.market(id).await?;
    if market.is_none()
        && let Some(seller) = markets.seller_in(id).await?
        && (seller == actor.user || reads_any.is_held())
    {
        return Ok(());
    }
    let market = market.filter(|market| market.is_visible_to(Some(actor)) || reads_any.is_held());
    let market = market.ok_or(AccessError::not_found(id))?;
    require_permission(market.is_owned_by(actor) || reads_any.is_held(), P::PERMISSION)?;
    Ok(())
}
