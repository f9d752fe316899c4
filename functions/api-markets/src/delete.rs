//! `DELETE /v1/markets/{id}`: the creator removes a market.

use axum::extract::State;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::market::MarketId;
use shared::domain::market::delete::{DeleteMarket, DeleteMarketError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, NoContent, Path};
use shared::repository::cached::CacheInvalidation;

/// Removes a market.
pub(crate) async fn delete_market<S: Store, Q: CacheInvalidation>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<MarketId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = DeleteMarket { id, by, expected: seen.expected() };
    app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    app.reader.market_removed(id).await;
    Ok(ApiResponse::no_content())
}

fn refusal(error: DeleteMarketError) -> ApiError {
    match error {
        DeleteMarketError::NotFound => ApiError::not_found(),
        DeleteMarketError::NotYours => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        DeleteMarketError::VersionMismatch => version_mismatch(),
    }
}
