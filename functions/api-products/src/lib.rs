//! Products over HTTP: list in a market, read, change, remove, correct the stock.

mod adjust_stock;
mod body;
mod create;
mod delete;
mod get;
mod list;
mod update;

use axum::Router;
use shared::api::App;
use shared::kit::command::Store;
use shared::kit::error::Code;
use shared::kit::http::openapi::{About, Routes};
use shared::repository::cached::Remembers;
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use shared::repository::projections::list_total::TotalReader;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: ProductReader + MarketReader + TotalReader + Remembers,
    R: Routes<App<S, Q>>,
{
    routes
        .get("/v1/markets/{marketId}/products", list::list_products, LIST)
        .post("/v1/markets/{marketId}/products", create::create_product, CREATE)
        .get("/v1/products/{id}", get::get_product, "Show a product with its stock")
        .put(
            "/v1/products/{id}",
            update::replace_product,
            change("Replace all that can be changed about a product"),
        )
        .patch("/v1/products/{id}", update::patch_product, change("Change some of a product"))
        .delete("/v1/products/{id}", delete::delete_product, DELETE)
        .post("/v1/products/{id}/stock", crate::adjust_stock::restock_product, RESTOCK)
}

const LIST: About = About::new("List what a market sells, with its stock");
const CREATE: About =
    About::new("List a product in a market").refusing(&[Code::Forbidden, Code::InvalidState, Code::Conflict]);
const DELETE: About = About::new("Remove a product of which nothing is reserved")
    .refusing(&[Code::Forbidden, Code::InvalidState]);
const RESTOCK: About = About::new("Add pieces to the stock, or take some away")
    .refusing(&[Code::Forbidden, Code::InsufficientStock]);

const fn change(summary: &'static str) -> About {
    About::new(summary).refusing(&[Code::Forbidden, Code::Conflict])
}

/// The function's router.
pub fn router<S, Q>(app: App<S, Q>) -> Router
where
    S: Store,
    Q: ProductReader + MarketReader + TotalReader + Remembers,
{
    routes(Router::new()).with_state(app)
}
