//! The system about itself: whether it lives, whether it is ready; and how it is called; and the answer to paths that lead
//! nowhere.

mod health;
mod openapi;
mod ready;

use axum::Router;
use shared::kit::http::openapi::RouteBuilder;

pub use ready::{HealthState, NotReady, Probe, QueueProbe};

/// The routes of the function.
pub fn routes<T: Probe, Q: Probe, R: RouteBuilder<HealthState<T, Q>>>(routes: R) -> R {
    routes
        .get("/health", health::get_health, "Whether the system lives")
        .get("/health/ready", ready::get_readiness, "Whether the table and the queues can be reached")
        .get("/openapi.json", openapi::get_openapi, "Describe the API (OpenAPI 3.1)")
}

/// The function's router.
pub fn router<T: Probe, Q: Probe>(meta: HealthState<T, Q>) -> Router {
    routes(Router::new()).merge(openapi::page()).with_state(meta)
}
