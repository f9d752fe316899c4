//! What a search costs: the same, however much there is to be found.

use std::collections::BTreeMap;
use std::convert::Infallible;

use shared::domain::product::Product;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::{Change, Command, ReadSet};
use shared::kit::system::clock::Timestamp;
use shared::projections::search_index::{
    Document, DocumentText, EmbedderName, Embedding, IndexEntry, TermEntry,
};
use shared::repository::product::ProductReader;
use shared::search::{Embedder, HashingEmbedder, Search, SearchQuery, Searcher};
use test_support::fixture::{Marketplace, PRODUCT, id, new_id};
use test_support::read_units::ReadUnitMeter;

/// Postings of products, many at once, and the products themselves as far as they may win: a catalogue grows faster so than
/// by its events.
struct Stock(Vec<(Product, bool)>, BTreeMap<String, Embedding>);

impl Command for Stock {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let Self(products, embeddings) = self;
        Ok(products.iter().fold(Change::of(()), |change, (product, may_win)| {
            let document = Document::from(product);
            let (id, embedder) = (document.id, EmbedderName::Hashed);
            let entry = IndexEntry::following(None, id, Some(&document), embedder, now).unwrap();
            let embedding = embeddings[product.title.as_str()].clone();
            let posting = TermEntry { id, market_id: product.market_id, embedding };
            let change =
                entry.posting_keys().iter().fold(change, |change, place| change.overwrite(place, &posting));
            if *may_win { change.overwrite(&product.id, product) } else { change }
        }))
    }
}

/// So many more cups, every hundredth of them of jade. Of those that are alike, the last ones win.
async fn grow(scene: &Marketplace, by: usize) {
    let model = scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().product;
    let mut embeddings = BTreeMap::new();
    for title in ["Cup", "Jade"] {
        embeddings
            .insert(title.to_owned(), HashingEmbedder.embed(&DocumentText::of_query(title)).await.unwrap());
    }
    let numbers: Vec<usize> = (0..by).collect();
    for chunk in numbers.chunks(45) {
        let product = |n: &usize| {
            let title = if n.is_multiple_of(100) { "Jade" } else { "Cup" };
            let product = Product { id: new_id(), title: title.parse().unwrap(), ..model.clone() };
            (product, title == "Jade" || n + 100 > by)
        };
        scene.run(Stock(chunk.iter().map(product).collect(), embeddings.clone())).await;
    }
}

/// Requests and read units of a search.
async fn cost(scene: &Marketplace, wanted: &str) -> (usize, f64) {
    let meter = ReadUnitMeter::default();
    let search = Search::new(DynamoReader::new(meter.on(&scene.table)), HashingEmbedder);
    let question = SearchQuery { wanted: wanted.parse().unwrap(), kind: None, limit: 20 };
    let hits = search.search(&question).await.unwrap();
    assert!(!hits.is_empty(), "{wanted}");
    let requests = meter.requests();
    (requests.len(), requests.iter().map(|request| request.units).sum())
}

#[tokio::test]
async fn a_search_costs_the_same_among_ten_thousand_things_as_among_a_thousand() {
    let scene = Marketplace::open().await;
    let asked = ["cup", "cups", "cup of the seven seas"];
    grow(&scene, 1_000).await;
    let mut small = Vec::new();
    for wanted in asked {
        small.push(cost(&scene, wanted).await);
    }
    grow(&scene, 9_000).await;
    for (wanted, before) in asked.iter().zip(small) {
        let after = cost(&scene, wanted).await;
        println!("search for {wanted}: {before:?} among 1,000, {after:?} among 10,000");
        assert_eq!(after, before, "{wanted}");
    }
    let (common, rare) = (cost(&scene, "cup").await, cost(&scene, "jade").await);
    assert_eq!(rare, common, "a common term costs no more than one that a hundred things have");
}
