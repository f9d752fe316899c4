//! Markets over HTTP: open, read, list.

mod body;
mod create;
mod get;
mod list;

use axum::Router;
use axum::routing::get;
use shared::api::App;
use shared::command::Store;
use shared::repository::market::MarketReader;

/// The routes of the function.
pub fn router<S: Store, Q: MarketReader>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/markets", get(list::list_markets).post(create::create_market))
        .route("/v1/markets/{id}", get(get::get_market))
        .with_state(app)
}
