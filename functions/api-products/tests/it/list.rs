//! `GET /v1/markets/{marketId}/products`.

use std::collections::HashSet;

use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::product::Product;
use shared::repository::product::total_of;
use test_support::fixture::{MARKET, PRODUCT, new_id, seller, stranger};

use super::{Products, error, fields};

impl Products {
    /// Opens a market of the seller's with `count` products; says its path and their ids.
    async fn market_of(&self, count: i64) -> (String, String, HashSet<String>) {
        let market = new_id::<Market>().to_string();
        self.scene.market(&market, seller(), InitialStatus::Active).await;
        let mut ids = HashSet::new();
        for n in 0..count {
            ids.insert(self.listed(&market, n).await);
        }
        (format!("/v1/markets/{market}/products"), market, ids)
    }

    async fn listed(&self, market: &str, n: i64) -> String {
        let product = new_id::<Product>().to_string();
        self.scene.product(&product, market, seller(), (&format!("CUP-{n}"), 500, n)).await;
        product
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_have_neither_gap_nor_repeat_while_products_are_listed() {
    let products = Products::open().await;
    let (path, market, before) = products.market_of(45).await;
    let (mut seen, mut query, mut more) = (Vec::new(), "?limit=10".to_owned(), 100);
    loop {
        let body = products.get(&format!("{path}{query}")).await.json();
        for product in body["data"].as_array().unwrap() {
            assert_eq!(format!("CUP-{}", product["stock"]["available"]), text(&product["sku"]));
            seen.push(text(&product["id"]));
        }
        products.listed(&market, more).await;
        more += 1;
        let Some(cursor) = body["pagination"].get("nextCursor") else { break };
        query = format!("?limit=10&cursor={}", text(cursor));
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {seen:?}");
    assert_eq!(seen.len(), 45);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), before);
}

#[tokio::test]
async fn a_list_is_absent_where_its_market_is() {
    let products = Products::open().await;
    let draft = new_id::<Market>().to_string();
    products.scene.market(&draft, seller(), InitialStatus::Draft).await;
    let path = format!("/v1/markets/{draft}/products");
    assert_eq!(products.get_as(seller(), &path).await.status, 200);
    assert_eq!(error(&products.get_as(stranger(), &path).await), (404, "NOT_FOUND".to_owned()));
    assert_eq!(error(&products.get(&path).await), (404, "NOT_FOUND".to_owned()));
    let absent = products.get(&format!("/v1/markets/{}/products", new_id::<Market>())).await;
    assert_eq!(error(&absent), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_cursor_of_one_market_is_none_of_anothers() {
    let products = Products::open().await;
    let (path, ..) = products.market_of(3).await;
    let cursor = text(&products.get(&format!("{path}?limit=2")).await.json()["pagination"]["nextCursor"]);
    let foreign = products.get(&format!("/v1/markets/{MARKET}/products?cursor={cursor}")).await;
    assert_eq!(error(&foreign), (400, "INVALID_CURSOR".to_owned()));
    let next = products.get(&format!("{path}?cursor={cursor}")).await.json();
    assert_eq!(next["data"].as_array().unwrap().len(), 1);
    assert_eq!(next["pagination"], json!({ "limit": 20, "total": 1 }));
}

#[tokio::test]
async fn a_query_that_breaks_its_rules_names_every_parameter() {
    let products = Products::open().await;
    let answer = products.get(&format!("/v1/markets/{MARKET}/products?limit=0&sku=MUG-1")).await;
    assert_eq!(error(&answer), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(fields(&answer), ["limit", "sku"]);
}

#[tokio::test]
async fn a_list_is_the_same_by_number_by_offset_and_by_cursor_and_says_how_long_it_is() {
    let products = Products::open().await;
    let (path, market, ids) = products.market_of(11).await;
    let mut whole: Vec<String> = ids.into_iter().collect();
    whole.sort();
    whole.reverse();
    let page = async |query: &str| products.get(&format!("{path}?limit=4&{query}")).await.json();
    let skus = |body: &Value| {
        body["data"].as_array().unwrap().iter().map(|each| text(&each["id"])).collect::<Vec<_>>()
    };
    for (number, expected) in whole.chunks(4).enumerate() {
        assert_eq!(skus(&page(&format!("page={}", number + 1)).await), expected);
    }
    let middle = page("offset=3").await;
    assert_eq!(skus(&middle), whole[3..7]);
    let next = text(&middle["pagination"]["nextCursor"]);
    assert_eq!(skus(&page(&format!("cursor={next}")).await), whole[7..]);
    products.scene.counted(total_of(test_support::fixture::id(&market)), 41).await;
    let total = json!({ "page": 3, "limit": 4, "total": 41, "totalPages": 11 });
    assert_eq!(page("page=3").await["pagination"], total);
}

#[tokio::test]
async fn a_product_is_shown_with_the_fields_that_are_named() {
    let products = Products::open().await;
    let expected = json!({ "sku": "MUG-1", "stock": { "available": 10, "reserved": 0 } });
    let one = products.get(&format!("/v1/products/{PRODUCT}?fields=stock,sku")).await;
    assert_eq!(one.json()["data"], expected);
    let list = products.get(&format!("/v1/markets/{MARKET}/products?fields=stock,sku")).await;
    assert_eq!(list.json()["data"], json!([expected]));
    for path in [format!("/v1/products/{PRODUCT}"), format!("/v1/markets/{MARKET}/products")] {
        let refused = products.get(&format!("{path}?fields=stock.available&include=market")).await;
        assert_eq!(error(&refused), (400, "VALIDATION_ERROR".to_owned()));
        assert_eq!(fields(&refused), ["fields", "include"]);
    }
}
