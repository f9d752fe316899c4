//! `DELETE /v1/markets/{id}`: the creator deletes a market.

use axum::extract::State;
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::market::delete::DeleteMarket;
use shared::kit::command::Store;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfMatch, NoContent, Path};
use shared::repository::cached::WriteThrough;

use crate::Commands;
use crate::body::MarketBody;

/// Deletes a market, regardless of its status.
pub(crate) async fn delete_market(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    Path(id): Path<MarketId>,
    if_match: IfMatch<MarketBody>,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = DeleteMarket { id, by, expected: if_match.expected() };
    app.store.execute(command, &context).await?;
    app.queries.reader.market_removed(id).await;
    Ok(ApiResponse::no_content())
}
