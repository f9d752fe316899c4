//! `GET /v1/markets/{marketId}/products`: what a market sells, newest first.

use axum::extract::State;
use shared::api::with_total;
use shared::api::{AppState, MaybeAuthenticated};
use shared::domain::market::MarketId;
use shared::kit::error::ApiError;
use shared::kit::http::{CursorCodec, ListQuery, ListResponse, NoParameters, Path};
use shared::repository::market::MarketReader;
use shared::repository::product::{ProductReader, total_of};
use shared::repository::projections::list_total::TotalReader;

use crate::body::ProductBody;

/// Lists the products of a market that the caller sees, each with its stock.
pub(crate) async fn list_products<S, Q>(
    State(app): State<AppState<S, Q>>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(market_id): Path<MarketId>,
    asked: ListQuery<NoParameters, ProductBody>,
) -> Result<ListResponse<ProductBody>, ApiError>
where
    S: Clone + Send + Sync + 'static,
    Q: ProductReader + MarketReader + TotalReader,
{
    let list = format!("products of {market_id}");
    let cursors = CursorCodec::new(&app.seal, &list, "everybody");
    let slice = asked.paging.slice(&cursors)?;
    let market = app.reader.market(market_id).await?;
    market.filter(|market| market.is_visible_to(caller.as_ref())).ok_or_else(ApiError::not_found)?;
    let total = [total_of(market_id)];
    let products = with_total(app.reader.products_of(market_id, &slice), app.reader.total(&total)).await?;
    let pagination = asked.paging.pagination(&products, &cursors);
    let bodies = products.items.into_iter().map(ProductBody::from).collect();
    Ok(ListResponse::new(bodies, pagination).with_fields(asked.fields))
}
