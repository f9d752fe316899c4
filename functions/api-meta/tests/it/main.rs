//! Tests of `api-meta`: API Gateway events through the router, on an embedded table and queues.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod health;
mod not_found;
mod openapi;
mod ready;

use api_meta::{HealthState, QueueProbe};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::system::config::Environment;
use shared::messaging::event_routing::Subscriptions;
use test_support::Marketplace;
use test_support::api_function::ApiFunction;

/// The function with this environment.
fn function_with(env: &Environment, marketplace: &Marketplace) -> ApiFunction {
    let aws = marketplace.table.aws();
    let queues = QueueProbe::new(aws.sqs(), &Subscriptions::from_env(env).unwrap());
    function_reading(DynamoReader::new(aws.table(env).unwrap()), queues, marketplace)
}

/// The function with these dependencies.
fn function_reading(table: DynamoReader, queues: QueueProbe, marketplace: &Marketplace) -> ApiFunction {
    ApiFunction::new(marketplace, api_meta::router(HealthState::new(table, queues)))
}

/// The function with its dependencies.
async fn open() -> (Marketplace, ApiFunction) {
    let marketplace = Marketplace::empty().await;
    let api = function_with(&marketplace.env("api-meta"), &marketplace);
    (marketplace, api)
}
