//! What is measured: pieces of work whose time and processor time are of interest.

use futures::future::BoxFuture;
use serde_json::Value;

use crate::events::{batch, keyed, request};
use crate::fixture::{Fixture, all_succeeded};
use crate::implementations::Implementation;

/// A piece of work.
#[derive(Clone, Copy)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub says: &'static str,
    /// Who does it, with the names of their binaries.
    pub done_by: &'static [(Implementation, &'static str)],
    /// How many pieces of work one event holds: with more of them, fewer events are measured.
    pub pieces: usize,
    /// So many events, each of which is new to everybody.
    pub(crate) events: for<'a> fn(&'a Fixture, usize) -> BoxFuture<'a, Vec<Value>>,
    /// Whether an answer is what it should be.
    pub holds: fn(&Value) -> bool,
}

/// A product from the cache of the instance.
pub const CACHED_PRODUCT: Workload = Workload {
    name: "cached-product",
    says: "`GET /v1/products/{id}` of a product that the instance remembers",
    done_by: &[(Implementation::Ours, "api-products"), (Implementation::Bare, "bare-http")],
    pieces: 1,
    events: |stage, count| Box::pin(reads(stage, format!("/v1/products/{}", stage.product), count)),
    holds: |answer| answer["statusCode"] == 200,
};

/// An order.
pub const GET_ORDER: Workload = Workload {
    name: "get-order",
    says: "`GET /v1/orders/{id}`",
    done_by: &[
        (Implementation::Ours, "api-orders"),
        (Implementation::Bare, "bare-http"),
        (Implementation::Best, "best-http"),
        (Implementation::Plain, "plain"),
        (Implementation::Node, "node-http"),
    ],
    pieces: 1,
    events: |stage, count| Box::pin(reads(stage, format!("/v1/orders/{}", stage.order), count)),
    holds: |answer| answer["statusCode"] == 200,
};

/// An order that is placed.
pub const PLACE_ORDER: Workload = Workload {
    name: "place-order",
    says: "`POST /v1/orders` under a new idempotency key",
    done_by: &[
        (Implementation::Ours, "api-orders"),
        (Implementation::Bare, "bare-http"),
        (Implementation::Best, "best-http"),
        (Implementation::Node, "node-http"),
    ],
    pieces: 1,
    events: |stage, count| Box::pin(orders(stage, count)),
    holds: |answer| answer["statusCode"] == 201 || is_constant(answer),
};

/// The answer to an order that was placed before.
pub const REPLAY_ORDER: Workload = Workload {
    name: "replay-order",
    says: "`POST /v1/orders` again, under the same idempotency key",
    done_by: PLACE_ORDER.done_by,
    pieces: 1,
    events: |stage, count| Box::pin(replays(stage, count)),
    holds: PLACE_ORDER.holds,
};

/// Ten events, counted.
pub const COUNT_TEN: Workload = Workload {
    name: "count-ten",
    says: "a batch of ten events of orders, each with its effect once",
    done_by: &[
        (Implementation::Ours, "queue-analytics"),
        (Implementation::Bare, "bare-queue"),
        (Implementation::Best, "best-queue"),
        (Implementation::Node, "node-queue"),
    ],
    pieces: TEN,
    events: |stage, count| Box::pin(batches(stage, count)),
    holds: all_succeeded,
};

/// All of them.
pub const ALL: [Workload; 5] = [CACHED_PRODUCT, GET_ORDER, PLACE_ORDER, REPLAY_ORDER, COUNT_TEN];

/// As many messages as a queue delivers at once.
pub(crate) const TEN: usize = 10;

impl Workload {
    /// Its events, each of which is to be handed to one subject once.
    pub async fn events(&self, stage: &Fixture, count: usize) -> Vec<Value> {
        (self.events)(stage, count).await
    }
}

/// What the bare function answers to anything.
fn is_constant(answer: &Value) -> bool {
    answer["statusCode"] == 200 && answer["body"] == r#"{"data":{}}"#
}

/// Tokens last for minutes: each series has its own.
async fn token(stage: &Fixture) -> String {
    stage.shop.log_in(&stage.buyer.email).await
}

async fn reads(stage: &Fixture, path: String, count: usize) -> Vec<Value> {
    vec![request("GET", &path, &token(stage).await, None); count]
}

async fn orders(stage: &Fixture, count: usize) -> Vec<Value> {
    let order = request("POST", "/v1/orders", &token(stage).await, Some(&stage.order_body()));
    (0..count).map(|_| keyed(order.clone(), &local::system::aws_ids::uuid())).collect()
}

async fn replays(stage: &Fixture, count: usize) -> Vec<Value> {
    let order = request("POST", "/v1/orders", &token(stage).await, Some(&stage.order_body()));
    vec![keyed(order, "replayed"); count]
}

async fn batches(stage: &Fixture, count: usize) -> Vec<Value> {
    stage.clear_outbox().await;
    for _ in 0..count * TEN {
        stage.place(&local::system::aws_ids::uuid()).await;
    }
    let (placed, queue) = (stage.take_events("order.created").await, stage.queue_of("queue-analytics"));
    placed.chunks_exact(TEN).map(|ten| batch(&queue, ten)).collect()
}
