//! `GET /v1/markets/{marketId}/products`: the products of a market, newest first.

use axum::extract::State;
use shared::api::MaybeAuthenticated;
use shared::api::with_total;
use shared::domain::access::AccessError;
use shared::domain::market::MarketId;
use shared::kit::error::ApiError;
use shared::kit::http::{CursorCodec, ListQuery, ListResponse, NoParameters, Path};
use shared::repository::market::MarketReader;
use shared::repository::product::{ProductReader, total_of};
use shared::repository::projections::list_total::TotalReader;

use crate::Queries;
use crate::body::ProductBody;

/// Returns a page of the products of a market, each with its stock.
pub(crate) async fn list_products(
    State(app): State<Queries>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(market_id): Path<MarketId>,
    query: ListQuery<NoParameters, ProductBody>,
) -> Result<ListResponse<ProductBody>, ApiError> {
    let list = format!("products of {market_id}");
    let cursors = CursorCodec::new(&app.mac_key, &list, "public");
    let slice = query.paging.slice(&cursors)?;
    let market = app.reader.market(market_id).await?;
    market
        .filter(|market| market.is_visible_to(caller.as_ref()))
        .ok_or_else(|| AccessError::not_found(market_id))?;
    let total = [total_of(market_id)];
    let products = with_total(app.reader.products_of(market_id, &slice), app.reader.total(&total)).await?;
    let pagination = query.paging.pagination(&products, &cursors);
    let bodies = products.items.into_iter().map(ProductBody::from).collect();
    Ok(ListResponse::new(bodies, pagination).with_fields(query.fields))
}
