//! Workloads whose latency and CPU time are measured.

use futures::future::BoxFuture;
use serde_json::Value;

use crate::events::{batch, keyed, request};
use crate::fixture::{Fixture, TEN, all_succeeded};
use crate::implementations::Implementation;

/// A workload.
#[derive(Clone, Copy)]
pub struct Workload {
    /// Name of the workload.
    pub name: &'static str,
    /// Description in the report.
    pub description: &'static str,
    /// Implementations of the workload, with the names of their binaries.
    pub binaries: &'static [(Implementation, &'static str)],
    /// Messages per event; the number of measured events is divided by it.
    pub batch_size: usize,
    /// Creates a number of new events.
    pub(crate) events: for<'a> fn(&'a Fixture, usize) -> BoxFuture<'a, Vec<Value>>,
    /// Returns true if a response is the expected one.
    pub is_expected: fn(&Value) -> bool,
}

/// Read of a product from the cache of the instance.
pub const CACHED_PRODUCT: Workload = Workload {
    name: "cached-product",
    description: "`GET /v1/products/{id}` of a product in the cache of the instance",
    binaries: &[(Implementation::Ours, "api-products"), (Implementation::NoOp, "noop-http")],
    batch_size: 1,
    events: |fixture, count| Box::pin(reads(fixture, format!("/v1/products/{}", fixture.product), count)),
    is_expected: |response| response["statusCode"] == 200,
};

/// Read of an order.
pub const GET_ORDER: Workload = Workload {
    name: "get-order",
    description: "`GET /v1/orders/{id}`",
    binaries: &[
        (Implementation::Ours, "api-orders"),
        (Implementation::NoOp, "noop-http"),
        (Implementation::HandTuned, "hand-tuned-http"),
        (Implementation::Plain, "plain"),
        (Implementation::Node, "node-http"),
    ],
    batch_size: 1,
    events: |fixture, count| Box::pin(reads(fixture, format!("/v1/orders/{}", fixture.order), count)),
    is_expected: |response| response["statusCode"] == 200,
};

/// Placement of an order.
pub const PLACE_ORDER: Workload = Workload {
    name: "place-order",
    description: "`POST /v1/orders` under a new idempotency key",
    binaries: &[
        (Implementation::Ours, "api-orders"),
        (Implementation::NoOp, "noop-http"),
        (Implementation::HandTuned, "hand-tuned-http"),
        (Implementation::Node, "node-http"),
    ],
    batch_size: 1,
    events: |fixture, count| Box::pin(orders(fixture, count)),
    is_expected: |response| response["statusCode"] == 201 || is_constant(response),
};

/// Replay of the response to an order that was placed before.
pub const REPLAY_ORDER: Workload = Workload {
    name: "replay-order",
    description: "`POST /v1/orders` again, under the same idempotency key",
    binaries: PLACE_ORDER.binaries,
    batch_size: 1,
    events: |fixture, count| Box::pin(replays(fixture, count)),
    is_expected: PLACE_ORDER.is_expected,
};

/// Batch of ten events for `queue-analytics`.
pub const COUNT_TEN: Workload = Workload {
    name: "count-ten",
    description: "a batch of ten order events, each applied exactly once",
    binaries: &[
        (Implementation::Ours, "queue-analytics"),
        (Implementation::NoOp, "noop-queue"),
        (Implementation::HandTuned, "hand-tuned-queue"),
        (Implementation::Node, "node-queue"),
    ],
    batch_size: TEN,
    events: |fixture, count| Box::pin(batches(fixture, count)),
    is_expected: all_succeeded,
};

/// All workloads.
pub const ALL: [Workload; 5] = [CACHED_PRODUCT, GET_ORDER, PLACE_ORDER, REPLAY_ORDER, COUNT_TEN];

impl Workload {
    /// Creates events, each of which is used for one invocation of one implementation.
    pub async fn events(&self, fixture: &Fixture, count: usize) -> Vec<Value> {
        (self.events)(fixture, count).await
    }
}

/// Returns true for the constant response of the no-op function.
fn is_constant(response: &Value) -> bool {
    response["statusCode"] == 200 && response["body"] == r#"{"data":{}}"#
}

/// Access token of the buyer. Tokens expire after minutes, so that each series gets a new one.
async fn token(fixture: &Fixture) -> String {
    fixture.app.log_in(&fixture.buyer.email).await
}

async fn reads(fixture: &Fixture, path: String, count: usize) -> Vec<Value> {
    vec![request("GET", &path, &token(fixture).await, None); count]
}

async fn orders(fixture: &Fixture, count: usize) -> Vec<Value> {
    let order = request("POST", "/v1/orders", &token(fixture).await, Some(&fixture.order_body()));
    (0..count).map(|_| keyed(order.clone(), &local::system::aws_ids::uuid())).collect()
}

async fn replays(fixture: &Fixture, count: usize) -> Vec<Value> {
    let order = request("POST", "/v1/orders", &token(fixture).await, Some(&fixture.order_body()));
    vec![keyed(order, "replayed"); count]
}

async fn batches(fixture: &Fixture, count: usize) -> Vec<Value> {
    fixture.clear_outbox().await;
    for _ in 0..count * TEN {
        fixture.place(&local::system::aws_ids::uuid()).await;
    }
    let (placed, queue) = (fixture.take_events("order.created").await, fixture.queue_of("queue-analytics"));
    placed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}
