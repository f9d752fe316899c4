//! Search over HTTP: markets and products, by what they are about.

mod body;
mod search;

use axum::Router;
use shared::api::AppState;
use shared::kit::http::openapi::RouteBuilder;
use shared::search::Searcher;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Clone + Send + Sync + 'static,
    Q: Searcher,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes.get("/v1/search", crate::search::search, "Find markets and products, the most similar first")
}

/// The function's router.
pub fn router<S, Q>(app: AppState<S, Q>) -> Router
where
    S: Clone + Send + Sync + 'static,
    Q: Searcher,
{
    routes(Router::new()).with_state(app)
}
