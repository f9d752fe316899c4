//! Markets over HTTP: open, read, list, change, remove.

mod body;
mod create;
mod delete;
mod get;
mod list;
mod update;

use axum::Router;
use axum::routing::get;
use shared::api::App;
use shared::command::Store;
use shared::repository::cached::Remembers;
use shared::repository::market::MarketReader;
use shared::repository::user::UserReader;

/// The routes of the function.
pub fn router<S: Store, Q: MarketReader + UserReader + Remembers>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/markets", get(list::list_markets).post(create::create_market))
        .route(
            "/v1/markets/{id}",
            get(get::get_market)
                .put(update::replace_market)
                .patch(update::patch_market)
                .delete(delete::delete_market),
        )
        .with_state(app)
}
