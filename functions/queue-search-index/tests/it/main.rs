//! Indexing behind a queue: batches of SQS, handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod index;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use queue_search_index::SearchIndex;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::search::{Embedder, HashingEmbedder};
use test_support::Marketplace;
use test_support::fixture::{MARKET, PRODUCT};
use test_support::lambda_event;
use test_support::recording_queue::{RecordedCalls, RecordingQueue};
use test_support::request_recorder::{Requests, client};

/// The function on a table with people, a market and its product, of which nothing is indexed yet.
struct Indexing {
    scene: Marketplace,
    store: DynamoStore,
    requests: Requests,
}

/// How a batch ended: the ids of the messages that come back, and what the queue was asked.
type Ended = (Vec<String>, RecordedCalls);

impl Indexing {
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let (table, requests) = scene.table.with_recorder();
        Self { scene, store: DynamoStore::new(table), requests }
    }

    /// Handles a batch, with texts embedded by `embedder`.
    async fn handle_with(&self, embedder: impl Embedder, event: &Value) -> Ended {
        let handler = SearchIndex::new(self.store.clone(), embedder).into_handler();
        let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
        let batch: Vec<Delivery> = event.records.into_iter().map(Delivery::from).collect();
        let (queue, chance) = (RecordingQueue::default(), (&SystemClock, &SystemEntropy));
        let deadline = SystemClock.now().saturating_add(Duration::from_secs(28));
        let response = Box::pin(consume(&handler, &queue, batch, deadline, chance)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        (failures.collect(), queue.asked())
    }

    async fn handle(&self, event: &Value) -> Ended {
        self.handle_with(HashingEmbedder, event).await
    }

    /// Handles messages, all of which are done with.
    async fn hear(&self, messages: &[Value]) {
        let ended = self.handle(&json!({ "Records": messages })).await;
        assert_eq!(ended, (Vec::new(), RecordedCalls::default()));
    }

    /// The partitions of all postings, which name embedder, kind and term.
    async fn postings(&self) -> BTreeSet<String> {
        let env = self.scene.env("queue-search-index");
        let raw = client(&self.scene.table.stack().dynamodb_endpoint(), None);
        let pages = raw.scan().table_name(env.text("AGORA_TABLE").unwrap()).into_paginator().items().send();
        let items = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let partitions = items.iter().map(|item| item["pk"].as_s().unwrap().clone());
        partitions.filter_map(|pk| pk.strip_prefix("term#").map(str::to_owned)).collect()
    }
}

/// What [`Indexing::postings`] are expected to be.
fn set(partitions: &[&str]) -> BTreeSet<String> {
    partitions.iter().map(|partition| (*partition).to_owned()).collect()
}

/// A message with this event of a document.
fn message(name: &str, subject: &str, data: &Value) -> Value {
    lambda_event::of_message("search-index", name, subject, data)
}

fn market_changed() -> Value {
    message("market.changed", MARKET, &json!({ "marketId": MARKET }))
}

fn product_changed() -> Value {
    message("product.changed", PRODUCT, &json!({ "productId": PRODUCT, "marketId": MARKET }))
}
