//! What is indexed, however it is heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use shared::domain::market::MarketStatus;
use shared::domain::product::Product;
use shared::domain::product::ProductEvent;
use shared::domain::product::delete::DeleteProduct;
use shared::kit::command::Version;
use shared::projections::search_index::{DocumentText, EmbedderName, Embedding};
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use shared::search::{EmbedError, Embedder, HashingEmbedder};
use test_support::fixture::{MARKET, PRODUCT, cents, id, seller};

use super::{Indexing, market_changed, product_changed, set};

const MARKET_TERMS: [&str; 2] = ["hashed-1#market#mor", "hashed-1#market#mug"];
const PRODUCT_TERM: &str = "hashed-1#product#mug";

impl Indexing {
    /// The product's next version.
    async fn change_product(&self, change: impl FnOnce(Product) -> Product) {
        let product = self.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
        let version = product.version.next();
        let event = ProductEvent::Changed { product_id: product.id, market_id: product.market_id };
        self.scene.put_entity(Product { version, ..change(product) }, event).await;
    }
}

#[tokio::test]
async fn whatever_there_is_is_indexed_once_however_often_it_is_heard() {
    let indexing = Indexing::open().await;
    indexing.hear(&[market_changed(), product_changed(), market_changed(), product_changed()]).await;
    let there = indexing.postings().await;
    assert!(MARKET_TERMS.iter().chain([&PRODUCT_TERM]).all(|term| there.contains(*term)), "{there:?}");
    indexing.requests.take();
    indexing.hear(&[product_changed()]).await;
    assert_eq!(indexing.requests.take(), ["BatchGetItem"], "nothing is left to do");
    assert_eq!(indexing.postings().await, there);
}

#[tokio::test]
async fn a_new_name_takes_the_place_of_the_old_one() {
    let indexing = Indexing::open().await;
    indexing.hear(&[product_changed()]).await;
    indexing.change_product(|product| Product { title: "Cup".parse().unwrap(), ..product }).await;
    indexing.requests.take();
    indexing.hear(&[product_changed()]).await;
    assert_eq!(indexing.requests.take(), ["BatchGetItem", "TransactWriteItems"]);
    assert_eq!(indexing.postings().await, set(&["hashed-1#product#cup"]));
}

#[tokio::test]
async fn what_is_closed_or_gone_leaves_the_index_and_comes_back_only_if_it_opens() {
    let indexing = Indexing::open().await;
    indexing.hear(&[market_changed(), product_changed()]).await;
    let market = indexing.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
    indexing.scene.move_market(market.clone(), MarketStatus::Suspended).await;
    indexing.hear(&[market_changed()]).await;
    assert_eq!(indexing.postings().await, set(&[PRODUCT_TERM]));
    let closed = shared::domain::market::Market { version: market.version.next(), ..market };
    indexing.scene.move_market(closed, MarketStatus::Active).await;
    indexing.scene.run(DeleteProduct { id: id(PRODUCT), by: seller(), expected: None }).await;
    indexing.hear(&[market_changed(), product_changed(), product_changed()]).await;
    let there = indexing.postings().await;
    assert!(MARKET_TERMS.iter().all(|term| there.contains(*term)), "{there:?}");
    assert!(!there.contains(PRODUCT_TERM));
}

/// Counts the texts that it embeds; or fails.
#[derive(Debug, Clone, Default)]
struct Watched {
    texts: Arc<AtomicUsize>,
    failure: Option<EmbedError>,
    titan: bool,
}

impl Embedder for Watched {
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
async fn a_text_that_stays_is_embedded_once() {
    let (indexing, watched) = (Indexing::open().await, Watched::default());
    let batch = json!({ "Records": [product_changed()] });
    indexing.handle_with(watched.clone(), &batch).await;
    let there = indexing.postings().await;
    indexing.change_product(|product| Product { price: cents(1), ..product }).await;
    let (failures, asked) = indexing.handle_with(watched.clone(), &batch).await;
    assert!(failures.is_empty() && asked.buried.is_empty(), "{asked:?}");
    assert_eq!(watched.texts.load(Ordering::Relaxed), 1);
    assert_eq!(indexing.postings().await, there);
}

#[tokio::test]
async fn another_embedder_moves_what_is_touched_into_its_own_index() {
    let indexing = Indexing::open().await;
    indexing.hear(&[product_changed()]).await;
    let titan = Watched { titan: true, ..Watched::default() };
    indexing.handle_with(titan, &json!({ "Records": [product_changed()] })).await;
    assert_eq!(indexing.postings().await, set(&["titan-2#product#mug"]));
}

#[tokio::test]
async fn what_the_model_does_not_answer_comes_back_and_what_it_refuses_is_buried() {
    let (indexing, batch) = (Indexing::open().await, json!({ "Records": [product_changed()] }));
    let silent = Watched { failure: Some(EmbedError::Throttled), ..Watched::default() };
    let (failures, asked) = indexing.handle_with(silent, &batch).await;
    assert_eq!((failures.len(), asked.buried.len()), (1, 0));
    let refusing = Watched { failure: Some(EmbedError::Rejected("no".to_owned())), ..Watched::default() };
    let (failures, asked) = indexing.handle_with(refusing, &batch).await;
    assert_eq!((failures.len(), asked.buried.len()), (0, 1));
    assert!(indexing.postings().await.is_empty());
    let version = indexing.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().product.version;
    assert_eq!(version, Version::FIRST, "the product is as it was");
}
