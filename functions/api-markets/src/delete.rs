//! `DELETE /v1/markets/{id}`: the creator removes a market.

use axum::extract::State;
use shared::api::{App, Authenticated, Once};
use shared::domain::market::MarketId;
use shared::domain::market::delete::{DeleteMarket, DeleteMarketError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, Code};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{IfMatch, NoContent, Path, Reply};
use shared::repository::cached::Remembers;

/// Removes a market.
pub(crate) async fn delete_market<S: Store, Q: Remembers>(
    State(app): State<App<S, Q>>,
    Authenticated(by): Authenticated,
    Path(id): Path<MarketId>,
    seen: IfMatch,
    Once(cause): Once,
) -> Result<NoContent, ApiError> {
    let command = DeleteMarket { id, by, expected: seen.expected() };
    app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    app.reader.market_removed(id).await;
    Ok(Reply::no_content())
}

fn refusal(error: DeleteMarketError) -> ApiError {
    match error {
        DeleteMarketError::NotFound => ApiError::not_found(),
        DeleteMarketError::NotYours => ApiError::new(Code::Forbidden, error.to_string()),
        DeleteMarketError::VersionMismatch => version_mismatch(),
    }
}
