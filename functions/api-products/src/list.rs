//! `GET /v1/markets/{marketId}/products`: the products of a market, filtered and sorted.

use std::collections::HashMap;

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::QueryInteger;
use shared::api::list::sort::ProductSortParam;
use shared::api::{MaybeAuthenticated, with_total};
use shared::domain::access::AccessError;
use shared::domain::market::MarketId;
use shared::domain::product::summary::StockedSummary;
use shared::domain::product::{ProductId, ProductStatus};
use shared::domain::values::money::Amount;
use shared::domain::values::text::Name;
use shared::kit::command::StoreError;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{CursorCodec, ListQuery, ListResponse, Path};
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use shared::repository::product::list::{PriceRange, ProductList};
use shared::repository::projections::list_total::TotalReader;

use crate::Queries;
use crate::list_item::ProductListItem;

/// Filter and sort order of the products of a market.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListProductsQuery {
    /// Status of the products; without it, products of all statuses are listed.
    #[deserr(default)]
    status: Option<ProductStatus>,
    /// Words, each of which is the beginning of a word of the title; case and accents are ignored.
    #[deserr(default)]
    search: Option<Name>,
    /// Lowest price (inclusive), in minor units of the currency of the market.
    #[deserr(default)]
    min_price: Option<QueryInteger<Amount>>,
    /// Highest price (inclusive), in minor units of the currency of the market.
    #[deserr(default)]
    max_price: Option<QueryInteger<Amount>>,
    /// Sort order: `createdAt`, `price` or `title`; prefix with `-` for descending. Default `-createdAt`.
    #[deserr(default)]
    #[schemars(default)]
    sort: ProductSortParam,
}

/// Returns a page of the products of a market, each with its stock.
pub(crate) async fn list_products(
    State(app): State<Queries>,
    MaybeAuthenticated(caller): MaybeAuthenticated,
    Path(market_id): Path<MarketId>,
    query: ListQuery<ListProductsQuery, ProductListItem>,
) -> Result<ListResponse<ProductListItem>, ApiError> {
    let list = query.filter.into_list(market_id)?;
    let name = format!("products {list:?}");
    let cursors = CursorCodec::new(&app.mac_key, &name, "public");
    let slice = query.paging.slice(&cursors)?;
    let market = app.reader.market(market_id).await?;
    market
        .filter(|market| market.is_visible_to(caller.as_ref()))
        .ok_or_else(|| AccessError::not_found(market_id))?;
    let total = list.totals();
    let products = with_total(app.reader.products(&list, &slice), app.reader.total(&total)).await?;
    let pagination = query.paging.pagination(&products, &cursors);
    let with_details = query.fields.names_any_of(&ProductListItem::DETAILS);
    let items = list_items(products.items, with_details, &app.reader).await?;
    Ok(ListResponse::new(items, pagination).with_fields(query.fields))
}

/// Adds the fields that no summary has, if requested.
async fn list_items(
    products: Vec<StockedSummary>,
    with_details: bool,
    reader: &impl ProductReader,
) -> Result<Vec<ProductListItem>, StoreError> {
    let ids = products.iter().map(|product| product.product.id).filter(|_| with_details);
    let details = match ids.collect::<Vec<ProductId>>().as_slice() {
        [] => HashMap::new(),
        ids => reader.products_by_id(ids).await?,
    };
    let item = |product: StockedSummary| {
        let details = details.get(&product.product.id);
        ProductListItem::new(product, details)
    };
    Ok(products.into_iter().map(item).collect())
}

impl ListProductsQuery {
    /// # Errors
    /// 400 if no price is within the range.
    fn into_list(self, market: MarketId) -> Result<ProductList, ApiError> {
        let Self { status, search, min_price, max_price, sort } = self;
        let prices = PriceRange { min: min_price.map(|price| price.0), max: max_price.map(|price| price.0) };
        if prices.is_empty() {
            return Err(ApiError::field("maxPrice", "must be at least `minPrice`"));
        }
        Ok(ProductList { market, status, search, prices, sort: sort.into() })
    }
}
