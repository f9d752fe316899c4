//! Products over HTTP: list in a market, read, change, remove, correct the stock.

mod body;
mod create;
mod delete;
mod get;
mod list;
mod restock;
mod update;

use axum::Router;
use axum::routing::{get, post};
use shared::api::App;
use shared::command::Store;
use shared::repository::cached::Remembers;
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use shared::repository::total::TotalReader;

/// The routes of the function.
pub fn router<S: Store, Q: ProductReader + MarketReader + TotalReader + Remembers>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/markets/{marketId}/products", get(list::list_products).post(create::create_product))
        .route(
            "/v1/products/{id}",
            get(get::get_product)
                .put(update::replace_product)
                .patch(update::patch_product)
                .delete(delete::delete_product),
        )
        .route("/v1/products/{id}/stock", post(restock::restock_product))
        .with_state(app)
}
