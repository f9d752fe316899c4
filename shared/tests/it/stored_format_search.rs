//! Stored format of the search index and of the index of names.

use serde_json::json;
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::kit::command::Store;
use shared::projections::name_index::NameEntry;
use shared::projections::name_index::index_name::IndexName;
use shared::projections::search_index::update_index::{Embedded, IndexDocument};
use shared::projections::search_index::{
    DIMENSIONS, DocumentId, DocumentText, EmbedderName, Embedding, IndexEntry,
};
use test_support::fixture::{MARKET, SELLER, create_market, id, seller};

use crate::fixture::{Fixture, context, moment};

/// Fixture with a market.
async fn with_market() -> Fixture {
    let fixture = Fixture::open().await;
    let create = create_market(MARKET, seller(), InitialStatus::Active);
    fixture.store.execute(create, &context()).await.unwrap();
    fixture
}

#[tokio::test]
async fn index_entry_and_term_entries_are_stored() {
    let fixture = with_market().await;
    let mut components = [0; DIMENSIONS];
    (components[0], components[1]) = (2, -1);
    let embedding = Embedding::quantised(&components);
    let digest = DocumentText::of_query("Mugs and more").digest();
    let document = DocumentId::Market(id(MARKET));
    let embedded = Some(Embedded { digest: digest.clone(), embedding });
    let index = IndexDocument { embedded, ..IndexDocument::update(document, EmbedderName::Hashed) };
    fixture.store.execute(index, &context()).await.unwrap();

    let entry = json!({
        "pk": format!("market#{MARKET}"),
        "sk": "search",
        "kind": "index-entry",
        "id": MARKET,
        "version": 1,
        "indexed": { "at": 1 },
        "embedder": "hashed-1",
        "digest": digest,
        "terms": { "mor": 49, "mug": 49 },
    });
    assert_eq!(fixture.stored::<IndexEntry>(&document).await, entry);
    let mut bytes = vec![0_u8; DIMENSIONS];
    (bytes[0], bytes[1]) = (127, 193);
    let term = |term: &str| {
        json!({
            "pk": format!("term#hashed-1#market#{term}"),
            "sk": format!("49#{MARKET}"),
            "kind": "term",
            "id": MARKET,
            "marketId": MARKET,
            "embedding": bytes,
        })
    };
    assert_eq!(fixture.items_of("term").await, [term("mor"), term("mug")]);
}

#[tokio::test]
async fn name_entry_and_name_terms_are_stored() {
    let fixture = with_market().await;
    fixture.store.execute(IndexName::<Market>::update(id(MARKET)), &context()).await.unwrap();
    let summary = json!({
        "id": MARKET,
        "name": "Mugs and more",
        "status": "active",
        "currency": "EUR",
        "creatorId": SELLER,
        "createdAt": moment(),
    });
    let entry = json!({
        "pk": format!("market#{MARKET}"),
        "sk": "name",
        "kind": "name-entry",
        "id": MARKET,
        "version": 1,
        "indexed": { "at": 1 },
        "terms": { "list": "markets#active", "words": ["and", "more", "mugs"], "summary": summary },
    });
    assert_eq!(fixture.stored::<NameEntry<Market>>(&id(MARKET)).await, entry);
    let term = |word: &str| {
        let mut term = summary.clone();
        term["pk"] = "names#markets#active".into();
        term["sk"] = format!("{word}#{MARKET}").into();
        term["kind"] = "name-term".into();
        term
    };
    assert_eq!(fixture.items_of("name-term").await, ["and", "more", "mugs"].map(term));
}
