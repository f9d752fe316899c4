//! Products over HTTP: list in a market, read, correct the stock.

mod body;
mod create;
mod get;
mod list;
mod restock;

use axum::Router;
use axum::routing::{get, post};
use shared::api::App;
use shared::command::Store;
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;

/// The routes of the function.
pub fn router<S: Store, Q: ProductReader + MarketReader>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/markets/{marketId}/products", get(list::list_products).post(create::create_product))
        .route("/v1/products/{id}", get(get::get_product))
        .route("/v1/products/{id}/stock", post(restock::restock_product))
        .with_state(app)
}
