//! Markets over HTTP: open, read, list, change, remove; what they sold.

mod body;
mod create;
mod delete;
mod get;
mod include_creator;
mod list;
mod stats;
mod update;

use axum::Router;
use shared::api::AppState;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{OperationDoc, RouteBuilder};
use shared::repository::cached::CacheInvalidation;
use shared::repository::market::MarketReader;
use shared::repository::projections::daily_sales::SalesReader;
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::UserReader;
use shared::repository::user::profile::ProfileReader;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: MarketReader + SalesReader + UserReader + ProfileReader + TotalReader + CacheInvalidation,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes
        .get("/v1/markets", list::list_markets, LIST)
        .post("/v1/markets", create::create_market, CREATE)
        .get("/v1/markets/{id}", get::get_market, "Show a market")
        .put(
            "/v1/markets/{id}",
            update::replace_market,
            change("Replace all that can be changed about a market"),
        )
        .patch("/v1/markets/{id}", update::patch_market, change("Change some of a market"))
        .delete("/v1/markets/{id}", delete::delete_market, change("Delete a draft"))
        .get("/v1/markets/{id}/stats", stats::get_market_stats, STATS)
}

const LIST: OperationDoc = OperationDoc::new("List markets");
const CREATE: OperationDoc =
    OperationDoc::new("Open a market, with its first products").with_errors(&[ErrorCode::Conflict]);

const STATS: OperationDoc =
    OperationDoc::new("Show what a market sold, day by day").with_errors(&[ErrorCode::Forbidden]);

const fn change(summary: &'static str) -> OperationDoc {
    OperationDoc::new(summary).with_errors(&[ErrorCode::Forbidden, ErrorCode::InvalidState])
}

/// The function's router.
pub fn router<S, Q>(app: AppState<S, Q>) -> Router
where
    S: Store,
    Q: MarketReader + SalesReader + UserReader + ProfileReader + TotalReader + CacheInvalidation,
{
    routes(Router::new()).with_state(app)
}
