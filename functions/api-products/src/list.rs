//! `GET /v1/markets/{marketId}/products`: what a market sells, newest first.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{App, Caller};
use shared::domain::market::MarketId;
use shared::http::cursor::Limit;
use shared::http::{ApiError, Cursors, FieldErrors, List, PageRequest, Path, Query};
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;

use crate::body::ProductBody;

/// Which page.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListProductsQuery {
    #[deserr(default)]
    limit: Option<Limit>,
    #[deserr(default)]
    cursor: Option<String>,
}

/// Lists the products of a market that the caller sees, each with its stock.
pub(crate) async fn list_products<S: Clone + Send + Sync + 'static, Q: ProductReader + MarketReader>(
    State(app): State<App<S, Q>>,
    Caller(caller): Caller,
    Path(market_id): Path<MarketId>,
    Query(query): Query<ListProductsQuery>,
) -> Result<List<ProductBody>, ApiError> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let list = format!("products of {market_id}");
    let cursors = Cursors::new(&app.seal, &list, "everybody");
    let after = cursors.open(page.cursor.as_deref())?;
    let market = app.reader.market(market_id).await?;
    market.filter(|market| market.is_visible_to(caller.as_ref())).ok_or_else(ApiError::not_found)?;
    let products = app.reader.products_of(market_id, page.limit(), after).await?;
    let next = products.next.map(|position| cursors.seal(&position));
    Ok(List::new(products.items.into_iter().map(ProductBody::from).collect(), page.limit(), next))
}
