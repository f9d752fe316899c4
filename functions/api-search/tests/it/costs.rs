//! Cost of a search: it does not depend on the number of documents.

use std::collections::BTreeMap;
use std::convert::Infallible;

use shared::domain::product::Product;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::Change;
use shared::kit::system::clock::Timestamp;
use shared::projections::search_index::{
    Document, DocumentText, EmbedderName, Embedding, IndexEntry, TermEntry,
};
use shared::repository::product::ProductReader;
use shared::search::{Embedder, HashingEmbedder, Search, SearchQuery, Searcher};
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{Marketplace, PRODUCT, id, new_id};

/// Term entries of many products at once, which is faster than by events. The product itself is stored only if it
/// may be among the results (`true`).
fn entries_of(
    products: &[(Product, bool)],
    embeddings: &BTreeMap<String, Embedding>,
    now: Timestamp,
) -> Change<(), Infallible> {
    products.iter().fold(Change::of(()), |change, (product, may_be_found)| {
        let document = Document::from(product);
        let (id, embedder) = (document.id, EmbedderName::Hashed);
        let entry = IndexEntry::next(None, id, Some(&document), embedder, now).unwrap();
        let embedding = embeddings[product.title.as_str()].clone();
        let term_entry = TermEntry { id, market_id: product.market_id, embedding };
        let change =
            entry.term_entry_keys().iter().fold(change, |change, key| change.overwrite(key, &term_entry));
        if *may_be_found { change.overwrite(&product.id, product) } else { change }
    })
}

/// Adds `count` products titled "Cup", and every hundredth titled "Jade". Of equally similar products, the
/// last ones rank highest.
async fn add_products(marketplace: &Marketplace, count: usize) {
    let model = marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
    let mut embeddings = BTreeMap::new();
    for title in ["Cup", "Jade"] {
        embeddings
            .insert(title.to_owned(), HashingEmbedder.embed(&DocumentText::of_query(title)).await.unwrap());
    }
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(45) {
        let product = |n: &usize| {
            let title = if n.is_multiple_of(100) { "Jade" } else { "Cup" };
            let product = Product { id: new_id(), title: title.parse().unwrap(), ..model.clone() };
            (product, title == "Jade" || n + 100 > count)
        };
        let products: Vec<_> = chunk.iter().map(product).collect();
        marketplace.write(|now| entries_of(&products, &embeddings, now)).await;
    }
}

/// Requests and read units of a search.
async fn cost(marketplace: &Marketplace, text: &str) -> (usize, f64) {
    let meter = CapacityMeter::default();
    let search = Search::new(DynamoReader::new(meter.on(&marketplace.table)), HashingEmbedder);
    let query = SearchQuery { text: text.parse().unwrap(), kind: None, limit: 20 };
    let hits = search.search(&query).await.unwrap();
    assert!(!hits.is_empty(), "{text}");
    let requests = meter.requests();
    (requests.len(), requests.iter().map(|request| request.units).sum())
}

#[tokio::test]
async fn search_cost_is_independent_of_the_number_of_products() {
    let marketplace = Marketplace::with_sample_data().await;
    let queries = ["cup", "cups", "cup of the seven seas"];
    add_products(&marketplace, 1_000).await;
    let mut small = Vec::new();
    for text in queries {
        small.push(cost(&marketplace, text).await);
    }
    add_products(&marketplace, 9_000).await;
    for (text, before) in queries.iter().zip(small) {
        let after = cost(&marketplace, text).await;
        println!("search for {text}: {before:?} among 1,000, {after:?} among 10,000");
        assert_eq!(after, before, "{text}");
    }
    let (common, rare) = (cost(&marketplace, "cup").await, cost(&marketplace, "jade").await);
    assert_eq!(rare, common, "a common term costs no more than one with a hundred entries");
}
