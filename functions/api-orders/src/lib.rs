//! Orders over HTTP: place, read, list, follow, cancel.

mod body;
mod cancel;
mod get;
mod list;
mod place;
mod timeline;

use axum::Router;
use axum::routing::{get, post};
use shared::api::App;
use shared::command::Store;
use shared::repository::order::OrderReader;
use shared::repository::user::UserReader;

/// The routes of the function.
pub fn router<S: Store, Q: OrderReader + UserReader>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/orders", post(place::place_order).get(list::list_orders))
        .route("/v1/orders/{id}", get(get::get_order))
        .route("/v1/orders/{id}/timeline", get(timeline::get_timeline))
        .route("/v1/orders/{id}/cancel", post(cancel::cancel_order))
        .with_state(app)
}
