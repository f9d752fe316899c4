//! `DELETE /v1/markets/{id}`: the creator deletes a market.

use axum::extract::State;
use shared::api::{Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::market::delete::{DeleteMarket, DeleteMarketError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, NoContent, Path};
use shared::repository::cached::CacheInvalidation;

use crate::Commands;

/// Deletes a market, regardless of its status.
pub(crate) async fn delete_market(
    State(app): State<Commands>,
    Authenticated(by): Authenticated,
    Path(id): Path<MarketId>,
    if_match: IfMatch,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = DeleteMarket { id, by, expected: if_match.expected() };
    app.store.execute(command, &context).await.map_err(|error| error.map_refusal(refusal))?;
    app.queries.reader.market_removed(id).await;
    Ok(ApiResponse::no_content())
}

fn refusal(error: DeleteMarketError) -> ApiError {
    match error {
        DeleteMarketError::NotFound => ApiError::not_found(),
        DeleteMarketError::Forbidden => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        DeleteMarketError::VersionMismatch => version_mismatch(),
    }
}
