//! The function `api-meta`: health checks, the API description, and the 404 response for unknown paths.

mod health;
mod openapi;
mod ready;

use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};

pub use ready::{HealthState, QueueProbe};

/// Adds the routes of the function.
pub fn routes<R: RouteBuilder<HealthState>>(routes: R) -> R {
    routes
        .get("/health", health::get_health, HEALTH)
        .get("/health/ready", ready::get_readiness, READINESS)
        .get("/openapi.json", openapi::get_openapi, OPENAPI)
}

const HEALTH: OperationDoc = OperationDoc::new("Liveness check").with_description(
    "Returns 200 if the API can be reached. No dependency is checked, no access token is needed, and \
     there is no rate limit. Use `GET /health/ready` to check whether requests can be served.",
);

const READINESS: OperationDoc = OperationDoc::new("Readiness check").with_description(
    "Checks that the database and all queues respond: 200 if they do, `SERVICE_UNAVAILABLE` otherwise. \
     The response does not contain the reason, and can be up to a second old. No access token is needed, \
     and there is no rate limit.",
);

const OPENAPI: OperationDoc = OperationDoc::new("Get the API description (OpenAPI 3.1)").with_description(
    "Returns this description, without the `data` envelope; `GET /docs` displays it in a browser. No \
     access token is needed. The response may be cached for five minutes.",
);

/// Creates the router of the function.
pub fn router(app: HealthState) -> ApiRouter {
    routes(ApiRouter::new()).merge(openapi::page()).with_state(app)
}
