//! Markets over HTTP: open, read, list, change, remove.

mod body;
mod create;
mod creator;
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
use shared::repository::total::TotalReader;
use shared::repository::user::UserReader;
use shared::repository::user::profile::ProfileReader;

/// The routes of the function.
pub fn router<S, Q>(app: App<S, Q>) -> Router
where
    S: Store,
    Q: MarketReader + UserReader + ProfileReader + TotalReader + Remembers,
{
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
