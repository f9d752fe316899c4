//! `GET /v1/markets/{id}`: one market with its volume, for everybody; a draft for its creator.

use axum::extract::State;
use shared::api::{App, Caller};
use shared::domain::market::{MarketId, MarketStatus};
use shared::http::{ApiError, IfNoneMatch, Path, Reply};
use shared::repository::market::MarketReader;

use crate::body::{MarketBody, PUBLIC};

/// Shows a market.
pub(crate) async fn get_market<S: Clone + Send + Sync + 'static, Q: MarketReader>(
    State(app): State<App<S, Q>>,
    Caller(caller): Caller,
    Path(id): Path<MarketId>,
    known: IfNoneMatch,
) -> Result<Reply<MarketBody>, ApiError> {
    let found = app.reader.market_with_volume(id).await?;
    let found = found.filter(|found| found.market.is_visible_to(caller.as_ref()));
    let found = found.ok_or_else(ApiError::not_found)?;
    let cacheable = if found.market.status == MarketStatus::Draft { "private, no-store" } else { PUBLIC };
    Ok(Reply::shown(MarketBody::from(found)).cache_control(cacheable).unless(&known))
}
