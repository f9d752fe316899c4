//! Orders over HTTP: place, read, list, follow, cancel; ship, deliver, refund.

mod body;
mod cancel;
mod deliver;
mod get;
mod list;
mod place;
mod refund;
mod seller_error;
mod ship;
mod timeline;

use axum::Router;
use shared::api::AppState;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{OperationDoc, RouteBuilder};
use shared::repository::market::MarketReader;
use shared::repository::order::OrderReader;
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::UserReader;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: MarketReader + OrderReader + UserReader + TotalReader,
    R: RouteBuilder<AppState<S, Q>>,
{
    let moves =
        |summary| OperationDoc::new(summary).with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState]);
    routes
        .post("/v1/orders", place::place_order, PLACE)
        .get("/v1/orders", list::list_orders, LIST)
        .get("/v1/orders/{id}", get::get_order, "Show an order")
        .get(
            "/v1/orders/{id}/timeline",
            timeline::get_order_timeline,
            "Show what happened to an order, and why it is stuck",
        )
        .post("/v1/orders/{id}/cancel", cancel::cancel_order, moves("Call an order off before it ships"))
        .post("/v1/orders/{id}/ship", ship::ship_order, moves("Send an order; its seller does"))
        .post(
            "/v1/orders/{id}/deliver",
            deliver::deliver_order,
            moves("Say that an order arrived; its seller does"),
        )
        .post(
            "/v1/orders/{id}/refund",
            refund::refund_order,
            moves("Give money back, all of it or some; the seller does"),
        )
}

const PLACE: OperationDoc = OperationDoc::new("Place an order at the prices of this moment")
    .with_errors(&[ErrorCode::PriceChanged, ErrorCode::InvalidState]);
const LIST: OperationDoc = OperationDoc::new("List what you bought, or what a market sold")
    .with_errors(&[ErrorCode::Forbidden, ErrorCode::NotFound]);

/// The function's router.
pub fn router<S, Q>(app: AppState<S, Q>) -> Router
where
    S: Store,
    Q: MarketReader + OrderReader + UserReader + TotalReader,
{
    routes(Router::new()).with_state(app)
}
