//! `DELETE /v1/markets/{id}`: the creator deletes a market.

use axum::extract::State;
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::market::delete::DeleteMarket;
use shared::kit::error::ApiError;
use shared::kit::http::{IfMatch, NoContent, Path};
use shared::repository::cached::WriteThrough;
use shared::repository::market::MarketReader;

use crate::Commands;
use crate::body::MarketBody;

/// Deletes a market whose orders have all ended.
pub(crate) async fn delete_market(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    Path(id): Path<MarketId>,
    if_match: IfMatch<MarketBody>,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let has_open_orders = app.queries.reader.has_open_orders(id, context.at).await?;
    let command = DeleteMarket { id, by, has_open_orders, expected: if_match.expected() };
    let executed = app.execute_as(&by, command, &context).await?;
    app.queries.reader.market_removed(id).await;
    Ok(NoContent::deleted(&executed))
}
