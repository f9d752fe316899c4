//! Markets over HTTP: open, read, list, change, remove; what they sold.

mod body;
mod create;
mod delete;
mod get;
mod list;
mod stats;
mod update;

use axum::Router;
use axum::routing::get;
use shared::api::App;
use shared::command::Store;
use shared::repository::cached::Remembers;
use shared::repository::market::MarketReader;
use shared::repository::sales::SalesReader;
use shared::repository::user::UserReader;

/// The routes of the function.
pub fn router<S: Store, Q: MarketReader + SalesReader + UserReader + Remembers>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/markets", get(list::list_markets).post(create::create_market))
        .route(
            "/v1/markets/{id}",
            get(get::get_market)
                .put(update::replace_market)
                .patch(update::patch_market)
                .delete(delete::delete_market),
        )
        .route("/v1/markets/{id}/stats", get(stats::get_stats))
        .with_state(app)
}
