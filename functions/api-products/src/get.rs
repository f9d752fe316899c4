//! `GET /v1/products/{id}`: one product with its stock, for everybody who sees its market.

use axum::extract::State;
use shared::api::{AppState, MaybeAuthenticated};
use shared::domain::product::ProductId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;

use crate::body::{PUBLIC, ProductBody};

/// Shows a product.
pub(crate) async fn get_product<S: Clone + Send + Sync + 'static, Q: ProductReader + MarketReader>(
    State(app): State<AppState<S, Q>>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(id): Path<ProductId>,
    asked: ItemQuery<ProductBody>,
    known: IfNoneMatch,
) -> Result<Versioned<ProductBody>, ApiError> {
    let found = app.reader.product(id).await?.ok_or_else(ApiError::not_found)?;
    let market = app.reader.market(found.product.market_id).await?;
    market.filter(|market| market.is_visible_to(caller.as_ref())).ok_or_else(ApiError::not_found)?;
    let cacheable = if caller.is_none() { PUBLIC } else { "private, no-cache" };
    Ok(ApiResponse::versioned(ProductBody::from(found))
        .with_fields(asked.fields)
        .cache_control(cacheable)
        .not_modified_if(&known))
}
