//! Orders over HTTP: place, read, list, follow, cancel; ship, deliver, refund.

mod body;
mod cancel;
mod deliver;
mod get;
mod list;
mod place;
mod refund;
mod seller;
mod ship;
mod timeline;

use axum::Router;
use axum::routing::{get, post};
use shared::api::App;
use shared::command::Store;
use shared::repository::market::MarketReader;
use shared::repository::order::OrderReader;
use shared::repository::total::TotalReader;
use shared::repository::user::UserReader;

/// The routes of the function.
pub fn router<S: Store, Q: MarketReader + OrderReader + UserReader + TotalReader>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/orders", post(place::place_order).get(list::list_orders))
        .route("/v1/orders/{id}", get(get::get_order))
        .route("/v1/orders/{id}/timeline", get(timeline::get_timeline))
        .route("/v1/orders/{id}/cancel", post(cancel::cancel_order))
        .route("/v1/orders/{id}/ship", post(ship::ship_order))
        .route("/v1/orders/{id}/deliver", post(deliver::deliver_order))
        .route("/v1/orders/{id}/refund", post(refund::refund_order))
        .with_state(app)
}
