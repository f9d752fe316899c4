//! Integration tests of `queue-search-index`: SQS batches handled on an embedded table.

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
use test_support::request_recorder::{RequestRecorder, client};

/// The function on a marketplace of which nothing has been indexed yet.
struct Fixture {
    marketplace: Marketplace,
    store: DynamoStore,
    requests: RequestRecorder,
}

/// Result of a batch: the ids of the failed messages, and the calls to the queue.
type BatchResult = (Vec<String>, RecordedCalls);

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let (table, requests) = marketplace.table.with_recorder();
        Self { marketplace, store: DynamoStore::new(table), requests }
    }

    /// Handles a batch with the given embedder.
    async fn handle_with(&self, embedder: impl Embedder, event: &Value) -> BatchResult {
        let handler = SearchIndex::new(self.store.clone(), embedder).into_handler();
        let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
        let batch: Vec<Delivery> = event.records.into_iter().map(Delivery::from).collect();
        let queue = RecordingQueue::default();
        let deadline = SystemClock.now().saturating_add(Duration::from_secs(28));
        let response =
            Box::pin(consume(&handler, &queue, batch, deadline, &SystemClock, &SystemEntropy)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        (failures.collect(), queue.calls())
    }

    async fn handle(&self, event: &Value) -> BatchResult {
        self.handle_with(HashingEmbedder, event).await
    }

    /// Handles messages and asserts that all of them succeed.
    async fn index(&self, messages: &[Value]) {
        let result = self.handle(&json!({ "Records": messages })).await;
        assert_eq!(result, (Vec::new(), RecordedCalls::default()));
    }

    /// The partitions of all index entries: embedder, kind and term.
    async fn terms(&self) -> BTreeSet<String> {
        let env = self.marketplace.env("queue-search-index");
        let dynamodb = client(&self.marketplace.table.stack().dynamodb_endpoint(), None);
        let pages =
            dynamodb.scan().table_name(env.text("AGORA_TABLE").unwrap()).into_paginator().items().send();
        let items = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let partitions = items.iter().map(|item| item["pk"].as_s().unwrap().clone());
        partitions.filter_map(|pk| pk.strip_prefix("term#").map(str::to_owned)).collect()
    }
}

/// Converts an expected list of terms for comparison with [`Fixture::terms`].
fn set(partitions: &[&str]) -> BTreeSet<String> {
    partitions.iter().map(|partition| (*partition).to_owned()).collect()
}

/// Message with an event of a document.
fn message(name: &str, subject: &str, data: &Value) -> Value {
    lambda_event::sqs_record("search-index", name, subject, data)
}

fn market_changed() -> Value {
    message("market.changed", MARKET, &json!({ "marketId": MARKET }))
}

fn product_changed() -> Value {
    message("product.changed", PRODUCT, &json!({ "productId": PRODUCT, "marketId": MARKET }))
}
