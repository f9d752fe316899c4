//! The system about itself: events of API Gateway, through the router, on an embedded table and queues.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod health;
mod nowhere;
mod openapi;
mod ready;

use api_meta::{Meta, QueueProbe};
use axum::Router;
use harness::Scene;
use harness::event::{self, Answer};
use shared::aws::Aws;
use shared::config::Environment;
use shared::dynamodb::DynamoReader;
use shared::subscriptions::Subscriptions;

/// The function, started with these variables.
fn started_with(env: &Environment) -> Router {
    let aws = Aws::from_env(env).unwrap();
    let queues = QueueProbe::new(aws.sqs(), &Subscriptions::from_env(env).unwrap());
    api_meta::router(Meta { table: DynamoReader::new(aws.table(env).unwrap()), queues })
}

/// The function, with all that it asks.
async fn open() -> (Scene, Router) {
    let scene = Scene::empty().await;
    let router = started_with(&scene.env("api-meta"));
    (scene, router)
}

/// The answer to a request without a body.
async fn ask(router: &Router, method: &str, path: &str) -> Answer {
    event::send(router, &event::of_request(method, path, &[], None)).await
}
