//! Tests of `api-meta`: API Gateway events through the router, on an embedded table and queues.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod health;
mod not_found;
mod openapi;
mod ready;

use api_meta::{HealthState, QueueProbe};
use axum::Router;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriptions;
use test_support::Marketplace;
use test_support::lambda_event;
use test_support::lambda_event::RouterResponse;

/// Router of the function with this environment.
fn router_with(env: &Environment) -> Router {
    let aws = Aws::from_env(env).unwrap();
    let queues = QueueProbe::new(aws.sqs(), &Subscriptions::from_env(env).unwrap());
    api_meta::router(HealthState { table: DynamoReader::new(aws.table(env).unwrap()), queues })
}

/// Router of the function with its dependencies.
async fn open() -> (Marketplace, Router) {
    let marketplace = Marketplace::empty().await;
    let router = router_with(&marketplace.env("api-meta"));
    (marketplace, router)
}

/// Sends a request without a body.
async fn ask(router: &Router, method: &str, path: &str) -> RouterResponse {
    lambda_event::send(router, &lambda_event::request_event(method, path, &[], None)).await
}
