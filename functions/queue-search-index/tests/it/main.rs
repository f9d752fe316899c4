//! Integration tests of `queue-search-index`: SQS batches handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod index;
mod names;

use std::collections::BTreeSet;

use queue_search_index::SearchIndex;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::DynamoStore;
use shared::search::{Embedder, HashingEmbedder};
use test_support::Marketplace;
use test_support::fixture::{MARKET, PRODUCT};
use test_support::lambda_event;
use test_support::queue_function::{self, BatchResult};
use test_support::request_recorder::{RequestRecorder, client};

/// The function on a marketplace of which nothing has been indexed yet.
struct Fixture {
    marketplace: Marketplace,
    store: DynamoStore,
    requests: RequestRecorder,
}

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let (table, requests) = marketplace.table.with_recorder();
        Self { marketplace, store: DynamoStore::new(table), requests }
    }

    /// Handles a batch with the given embedder.
    async fn handle_with(&self, embedder: impl Embedder, event: &Value) -> BatchResult {
        let handler = SearchIndex::new(self.store.clone(), embedder).into_handler();
        queue_function::handle(&handler, event).await
    }

    async fn handle(&self, event: &Value) -> BatchResult {
        self.handle_with(HashingEmbedder, event).await
    }

    /// Handles messages and asserts that all of them succeed.
    async fn index(&self, messages: &[Value]) {
        let result = self.handle(&json!({ "Records": messages })).await;
        assert!(result.is_success(), "{result:?}");
    }

    /// The partitions of all index entries: embedder, kind and term.
    async fn terms(&self) -> BTreeSet<String> {
        let table = &self.marketplace.table;
        let dynamodb = client(&table.stack().dynamodb_endpoint(), None);
        let pages = dynamodb.scan().table_name(table.name()).into_paginator().items().send();
        let items = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let partitions = items.iter().map(|item| item["pk"].as_s().unwrap().clone());
        partitions.filter_map(|pk| pk.strip_prefix("term#").map(str::to_owned)).collect()
    }
}

/// Converts an expected list of terms for comparison with [`Fixture::terms`].
fn set(partitions: &[&str]) -> BTreeSet<String> {
    partitions.iter().map(|partition| (*partition).to_owned()).collect()
}

/// Message with an event of an entity.
fn message(name: &str, subject: &str, data: &Value) -> Value {
    lambda_event::sqs_record("search-index", name, subject, data)
}

fn market_changed() -> Value {
    message("market.changed", MARKET, &json!({ "marketId": MARKET }))
}

fn product_changed() -> Value {
    message("product.changed", PRODUCT, &json!({ "productId": PRODUCT, "marketId": MARKET }))
}
