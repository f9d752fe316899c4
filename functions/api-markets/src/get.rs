//! `GET /v1/markets/{id}`: one market with its volume; a draft only for its creator.

use axum::extract::State;
use shared::api::MaybeAuthenticated;
use shared::domain::access::AccessError;
use shared::domain::market::{MarketId, MarketStatus};
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::market::MarketReader;

use crate::Queries;
use crate::body::{MarketBody, PUBLIC};
use crate::include_creator::{Creators, MarketRelation};

/// Returns a market.
pub(crate) async fn get_market(
    State(app): State<Queries>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(id): Path<MarketId>,
    query: ItemQuery<MarketBody, MarketRelation>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<MarketBody>, ApiError> {
    let market = app.reader.market_with_volume(id).await?;
    let market = market.filter(|market| market.market.is_visible_to(caller.as_ref()));
    let market = market.ok_or_else(|| AccessError::not_found(id))?;
    let cache_control =
        if market.market.status == MarketStatus::Draft { "private, no-store" } else { PUBLIC };
    let creator_id = market.market.creator_id;
    let creators = Creators::read(std::iter::once(creator_id), &query.include, &app.reader).await?;
    Ok(ApiResponse::versioned(MarketBody::from(market).with_creator(creators.get(creator_id)))
        .with_fields(query.fields)
        .cache_control(cache_control)
        .not_modified_if(&if_none_match))
}
