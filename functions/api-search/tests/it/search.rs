//! `GET /v1/search`.

use serde_json::json;
use shared::domain::market::MarketStatus;
use shared::projections::search_index::DocumentId;
use test_support::fixture::{MARKET, PRODUCT, id};

use super::{SearchApi, ids};

#[tokio::test]
async fn hit_has_a_type_a_score_and_a_summary() {
    let search = SearchApi::new().await;
    let response = search.api.get("/v1/search?q=Mugs").await;
    assert_eq!(response.headers["cache-control"], "public, max-age=5");
    let product = json!({
        "marketId": MARKET,
        "sku": "MUG-1",
        "title": "Mug",
        "price": { "amount": 1_999, "currency": "EUR" },
    });
    let found = response.json()["data"].clone();
    assert_eq!(found[0], json!({ "type": "product", "id": PRODUCT, "score": 10_000, "product": product }));
    assert_eq!(found[1]["market"], json!({ "name": "Mugs and more", "currency": "EUR" }));
    assert!(found[1]["score"].as_u64().unwrap() < 10_000);
}

#[tokio::test]
async fn type_and_limit_restrict_the_results() {
    let search = SearchApi::new().await;
    let other = search.create_product("Mug", "Another one").await.to_string();
    assert_eq!(ids(&search.find("q=mug").await), [PRODUCT, &other, MARKET]);
    assert_eq!(ids(&search.find("q=mug&type=market").await), [MARKET]);
    assert_eq!(ids(&search.find("q=mug&type=product").await), [PRODUCT, &other]);
    assert_eq!(ids(&search.find("q=mug&limit=1").await), [PRODUCT]);
    assert!(search.find("q=the").await.is_empty());
    assert!(search.find("q=sofa").await.is_empty());
}

#[tokio::test]
async fn misspelt_query_finds_the_product() {
    let search = SearchApi::new().await;
    let teapot = search.create_product("Stoneware teapot", "Holds a litre").await.to_string();
    assert_eq!(ids(&search.find("q=stonwear+tepot").await), [teapot]);
}

#[tokio::test]
async fn results_in_a_closed_market_are_replaced_by_the_next() {
    let search = SearchApi::new().await;
    search.marketplace.set_market_status(MARKET, MarketStatus::Closed).await;
    // The event of the market is not processed yet, but the search checks the current status.
    assert!(search.find("q=mug").await.is_empty());

    let own = "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRX";
    let open = shared::domain::market::create::InitialStatus::Active;
    search.marketplace.market(own, test_support::fixture::stranger(), open).await;
    search.index(DocumentId::Market(id(own))).await;
    assert_eq!(ids(&search.find("q=mug&limit=1").await), [own], "the next candidates replace the first");
}

#[tokio::test]
async fn ascii_letters_find_titles_with_other_latin_letters() {
    let search = SearchApi::new().await;
    for (query, title) in [
        ("strasse", "Straße im Regen"),
        ("smorrebrod", "Smørrebrød"),
        ("lodz", "Łódź"),
        ("oeuvre", "Œuvre complète"),
    ] {
        let product = search.create_product(title, "A print").await.to_string();
        assert_eq!(ids(&search.find(&format!("q={query}")).await), [product], "{query}");
    }
}

#[tokio::test]
async fn title_of_stop_words_is_found() {
    let search = SearchApi::new().await;
    for (query, title) in [("The+The", "The The"), ("it", "It"), ("To+be+or+not+to+be", "To Be Or Not To Be")]
    {
        let product = search.create_product(title, "A record of the year").await.to_string();
        assert_eq!(ids(&search.find(&format!("q={query}")).await)[0], product, "{query}");
    }
}
