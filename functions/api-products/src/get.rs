//! `GET /v1/products/{id}`: one product with its stock, for every caller to whom its market is visible.

use axum::extract::State;
use shared::api::MaybeAuthenticated;
use shared::domain::access::AccessError;
use shared::domain::product::ProductId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;

use crate::Queries;
use crate::body::{PUBLIC, ProductBody};

/// Returns a product.
pub(crate) async fn get_product(
    State(app): State<Queries>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(id): Path<ProductId>,
    query: ItemQuery<ProductBody>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<ProductBody>, ApiError> {
    let stocked = app.reader.product(id).await?.ok_or_else(|| AccessError::not_found(id))?;
    let market = app.reader.market(stocked.product.market_id).await?;
    market
        .filter(|market| market.is_visible_to(caller.as_ref()))
        .ok_or_else(|| AccessError::not_found(id))?;
    let cache_control = if caller.is_none() { PUBLIC } else { "private, no-cache" };
    Ok(ApiResponse::versioned(ProductBody::from(stocked))
        .with_fields(query.fields)
        .cache_control(cache_control)
        .not_modified_if(&if_none_match))
}
