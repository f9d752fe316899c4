//! `GET /v1/markets/{id}`: one market with its volume, for everybody; a draft for its creator.

use axum::extract::State;
use shared::api::{AppState, MaybeAuthenticated};
use shared::domain::market::{MarketId, MarketStatus};
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::market::MarketReader;
use shared::repository::user::profile::ProfileReader;

use crate::body::{MarketBody, PUBLIC};
use crate::include_creator::{Creators, MarketRelation};

/// Shows a market.
pub(crate) async fn get_market<S: Clone + Send + Sync + 'static, Q: MarketReader + ProfileReader>(
    State(app): State<AppState<S, Q>>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(id): Path<MarketId>,
    asked: ItemQuery<MarketBody, MarketRelation>,
    known: IfNoneMatch,
) -> Result<Versioned<MarketBody>, ApiError> {
    let found = app.reader.market_with_volume(id).await?;
    let found = found.filter(|found| found.market.is_visible_to(caller.as_ref()));
    let found = found.ok_or_else(ApiError::not_found)?;
    let cacheable = if found.market.status == MarketStatus::Draft { "private, no-store" } else { PUBLIC };
    let creators = Creators::of(std::slice::from_ref(&found), &asked.include, &app.reader).await?;
    Ok(ApiResponse::versioned(creators.attach(found))
        .with_fields(asked.fields)
        .cache_control(cacheable)
        .not_modified_if(&known))
}
