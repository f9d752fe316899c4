//! Index contents after duplicate, late and failed events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use shared::domain::market::MarketStatus;
use shared::domain::product::Product;
use shared::domain::product::ProductEvent;
use shared::domain::product::delete::DeleteProduct;
use shared::kit::command::Version;
use shared::projections::search_index::{DocumentText, EmbedderName, Embedding};
use shared::repository::product::ProductReader;
use shared::search::{EmbedError, Embedder, HashingEmbedder};
use test_support::fixture::{MARKET, PRODUCT, cents, id, seller};
use test_support::queue_function::BatchResult;

use super::{Fixture, market_changed, product_changed, set};

const MARKET_TERMS: [&str; 2] = ["hashed-1#market#mor", "hashed-1#market#mug"];
const PRODUCT_TERM: &str = "hashed-1#product#mug";

impl Fixture {
    /// Stores the next version of the product.
    async fn change_product(&self, change: impl FnOnce(Product) -> Product) {
        let product = self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
        let version = product.version.next();
        let event = ProductEvent::Changed { product_id: product.id, market_id: product.market_id };
        self.marketplace.put_entity(Product { version, ..change(product) }, event).await;
    }
}

#[tokio::test]
async fn duplicate_events_are_indexed_once() {
    let fixture = Fixture::open().await;
    fixture.index(&[market_changed(), product_changed(), market_changed(), product_changed()]).await;
    let terms = fixture.terms().await;
    assert!(MARKET_TERMS.iter().chain([&PRODUCT_TERM]).all(|term| terms.contains(*term)), "{terms:?}");
    fixture.requests.take();
    fixture.index(&[product_changed()]).await;
    let reads = ["BatchGetItem", "BatchGetItem"];
    assert_eq!(fixture.requests.take(), reads, "a duplicate event causes no write");
    assert_eq!(fixture.terms().await, terms);
}

#[tokio::test]
async fn new_title_replaces_the_old_one() {
    let fixture = Fixture::open().await;
    fixture.index(&[product_changed()]).await;
    fixture.change_product(|product| Product { title: "Cup".parse().unwrap(), ..product }).await;
    fixture.requests.take();
    fixture.index(&[product_changed()]).await;
    let of_document_and_title = ["BatchGetItem", "BatchGetItem", "TransactWriteItems", "TransactWriteItems"];
    assert_eq!(fixture.requests.take(), of_document_and_title);
    assert_eq!(fixture.terms().await, set(&["hashed-1#product#cup"]));
}

#[tokio::test]
async fn only_active_markets_and_existing_products_are_indexed() {
    let fixture = Fixture::open().await;
    fixture.index(&[market_changed(), product_changed()]).await;
    fixture.marketplace.set_market_status(MARKET, MarketStatus::Suspended).await;
    fixture.index(&[market_changed()]).await;
    assert_eq!(fixture.terms().await, set(&[PRODUCT_TERM]));
    fixture.marketplace.set_market_status(MARKET, MarketStatus::Active).await;
    fixture.marketplace.run(DeleteProduct { id: id(PRODUCT), by: seller(), expected: None }).await;
    fixture.index(&[market_changed(), product_changed(), product_changed()]).await;
    let terms = fixture.terms().await;
    assert!(MARKET_TERMS.iter().all(|term| terms.contains(*term)), "{terms:?}");
    assert!(!terms.contains(PRODUCT_TERM));
}

/// Embedder that counts the texts that it embeds, or fails.
#[derive(Debug, Clone, Default)]
struct CountingEmbedder {
    texts: Arc<AtomicUsize>,
    failure: Option<EmbedError>,
    titan: bool,
}

impl Embedder for CountingEmbedder {
    fn name(&self) -> EmbedderName {
        if self.titan { EmbedderName::Titan } else { EmbedderName::Hashed }
    }

    async fn embed(&self, passage: &DocumentText) -> Result<Embedding, EmbedError> {
        self.texts.fetch_add(1, Ordering::Relaxed);
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => HashingEmbedder.embed(passage).await,
        }
    }
}

#[tokio::test]
async fn unchanged_text_is_embedded_once() {
    let (fixture, embedder) = (Fixture::open().await, CountingEmbedder::default());
    let batch = json!({ "Records": [product_changed()] });
    fixture.handle_with(embedder.clone(), &batch).await;
    let terms = fixture.terms().await;
    fixture.change_product(|product| Product { price: cents(1), ..product }).await;
    let BatchResult { failures, calls } = fixture.handle_with(embedder.clone(), &batch).await;
    assert!(failures.is_empty() && calls.dead_lettered.is_empty(), "{calls:?}");
    assert_eq!(embedder.texts.load(Ordering::Relaxed), 1);
    assert_eq!(fixture.terms().await, terms);
}

#[tokio::test]
async fn changed_embedder_moves_documents_to_its_own_index() {
    let fixture = Fixture::open().await;
    fixture.index(&[product_changed()]).await;
    let titan = CountingEmbedder { titan: true, ..CountingEmbedder::default() };
    fixture.handle_with(titan, &json!({ "Records": [product_changed()] })).await;
    assert_eq!(fixture.terms().await, set(&["titan-2#product#mug"]));
}

#[tokio::test]
async fn throttled_documents_are_retried_and_rejected_ones_dead() {
    let (fixture, batch) = (Fixture::open().await, json!({ "Records": [product_changed()] }));
    let throttled = CountingEmbedder { failure: Some(EmbedError::Throttled), ..CountingEmbedder::default() };
    assert_eq!(fixture.handle_with(throttled, &batch).await.retried().len(), 1);
    let rejecting = CountingEmbedder {
        failure: Some(EmbedError::Rejected("no".to_owned())),
        ..CountingEmbedder::default()
    };
    let BatchResult { failures, calls } = fixture.handle_with(rejecting, &batch).await;
    assert_eq!((failures.len(), calls.dead_lettered.len()), (0, 1));
    assert!(fixture.terms().await.is_empty());
    let version = fixture.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().product.version;
    assert_eq!(version, Version::FIRST, "the product is unchanged");
}

#[tokio::test]
async fn rejected_text_removes_the_entries_of_the_text_before() {
    let (fixture, batch) = (Fixture::open().await, json!({ "Records": [product_changed()] }));
    fixture.index(&[product_changed()]).await;
    fixture.change_product(|product| Product { title: "Cup".parse().unwrap(), ..product }).await;
    let rejecting = CountingEmbedder {
        failure: Some(EmbedError::Rejected("no".to_owned())),
        ..CountingEmbedder::default()
    };
    assert_eq!(fixture.handle_with(rejecting, &batch).await.calls.dead_lettered.len(), 1);
    assert!(fixture.terms().await.is_empty(), "the product is not a mug any more");
    fixture.index(&[product_changed()]).await;
    assert_eq!(fixture.terms().await, set(&["hashed-1#product#cup"]), "a redrive indexes the product");
}
