//! Products over HTTP: list in a market, read, change, remove, correct the stock.

mod adjust_stock;
mod body;
mod create;
mod delete;
mod get;
mod list;
mod update;

use axum::Router;
use shared::api::AppState;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{OperationDoc, RouteBuilder};
use shared::repository::cached::CacheInvalidation;
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use shared::repository::projections::list_total::TotalReader;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: ProductReader + MarketReader + TotalReader + CacheInvalidation,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes
        .get("/v1/markets/{marketId}/products", list::list_products, LIST)
        .post("/v1/markets/{marketId}/products", create::create_product, CREATE)
        .get("/v1/products/{id}", get::get_product, "Show a product with its stock")
        .put(
            "/v1/products/{id}",
            update::replace_product,
            change("Replace all that can be changed about a product"),
        )
        .patch("/v1/products/{id}", update::patch_product, change("Change some of a product"))
        .delete("/v1/products/{id}", delete::delete_product, DELETE)
        .post("/v1/products/{id}/stock", crate::adjust_stock::restock_product, RESTOCK)
}

const LIST: OperationDoc = OperationDoc::new("List what a market sells, with its stock");
const CREATE: OperationDoc = OperationDoc::new("List a product in a market").with_errors(&[
    ErrorCode::Forbidden,
    ErrorCode::InvalidState,
    ErrorCode::Conflict,
]);
const DELETE: OperationDoc = OperationDoc::new("Remove a product of which nothing is reserved")
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);
const RESTOCK: OperationDoc = OperationDoc::new("Add pieces to the stock, or take some away")
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::InsufficientStock]);

const fn change(summary: &'static str) -> OperationDoc {
    OperationDoc::new(summary).with_errors(&[ErrorCode::Forbidden, ErrorCode::Conflict])
}

/// The function's router.
pub fn router<S, Q>(app: AppState<S, Q>) -> Router
where
    S: Store,
    Q: ProductReader + MarketReader + TotalReader + CacheInvalidation,
{
    routes(Router::new()).with_state(app)
}
