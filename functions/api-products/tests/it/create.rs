//! `POST /v1/markets/{marketId}/products`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::values::actor::Actor;
use shared::kit::command::page::PageRequest;
use shared::repository::market::MarketReader;
use shared::repository::product::ProductReader;
use test_support::fixture::{MARKET, id, moderator, new_id, seller, stranger};
use test_support::lambda_event::{Answer, of_request};

use super::{Products, error, fields, product};

impl Products {
    async fn create(&self, by: Actor, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.post(by, &format!("/v1/markets/{MARKET}/products"), headers, body).await
    }
}

#[tokio::test]
async fn a_product_is_listed_and_shown_at_its_address() {
    let products = Products::open().await;
    let mut body = product("CUP-1");
    body["description"] = json!("Holds a sip.");
    let answer = products.create(seller(), &[], &body).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let shown = answer.json();
    let (id, created) = (&shown["data"]["id"], &shown["data"]["createdAt"]);
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/v1/products/{}", id.as_str().unwrap()));
    assert_eq!(answer.header("etag").unwrap(), "\"1.3.0\"");
    let expected = json!({ "data": {
        "id": id,
        "marketId": MARKET,
        "sku": "CUP-1",
        "title": "Cup",
        "description": "Holds a sip.",
        "price": { "amount": 500, "currency": "EUR" },
        "stock": { "available": 3, "reserved": 0 },
        "status": "active",
        "createdAt": created,
        "updatedAt": created,
        "version": 1,
    }});
    assert_eq!(shown, expected);
    assert_eq!(products.get(&location).await.json(), expected);
}

#[tokio::test]
async fn a_sku_is_taken_once_in_its_market_and_free_in_another() {
    let products = Products::open().await;
    let answer = products.create(seller(), &[], &product("MUG-1")).await;
    assert_eq!(error(&answer), (409, "CONFLICT".to_owned()));
    assert_eq!(fields(&answer), ["sku"]);
    let other = new_id::<Market>().to_string();
    products.scene.market(&other, seller(), InitialStatus::Active).await;
    let path = format!("/v1/markets/{other}/products");
    assert_eq!(products.post(seller(), &path, &[], &product("MUG-1")).await.status, 201);
}

#[tokio::test]
async fn of_ten_products_with_one_sku_at_once_one_is_listed() {
    let products = Products::open().await;
    let body = product("CUP-1");
    let answers = join_all((0..10).map(|_| products.create(seller(), &[], &body))).await;
    let mut ended: Vec<_> = answers.iter().map(error).collect();
    ended.sort();
    let mut expected = vec![(409, "CONFLICT".to_owned()); 10];
    expected[0] = (201, String::new());
    assert_eq!(ended, expected);
    let listed = products.scene.reader.products_of(id(MARKET), &PageRequest::first(100)).await.unwrap().items;
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn products_are_listed_by_the_markets_creator_and_nobody_else() {
    let products = Products::open().await;
    for other in [stranger(), moderator()] {
        assert_eq!(
            error(&products.create(other, &[], &product("CUP-1")).await),
            (403, "FORBIDDEN".to_owned())
        );
    }
    let path = format!("/v1/markets/{MARKET}/products");
    let nobody = products.send(&of_request("POST", &path, &[], Some(&product("CUP-1")))).await;
    assert_eq!(error(&nobody), (401, "UNAUTHENTICATED".to_owned()));
    let absent = format!("/v1/markets/{}/products", new_id::<Market>());
    let answer = products.post(seller(), &absent, &[], &product("CUP-1")).await;
    assert_eq!(error(&answer), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_draft_takes_products_of_its_creators_and_is_absent_for_others() {
    let products = Products::open().await;
    let draft = new_id::<Market>().to_string();
    products.scene.market(&draft, seller(), InitialStatus::Draft).await;
    let path = format!("/v1/markets/{draft}/products");
    assert_eq!(products.post(seller(), &path, &[], &product("CUP-1")).await.status, 201);
    let other = products.post(stranger(), &path, &[], &product("CUP-2")).await;
    assert_eq!(error(&other), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_market_that_is_closed_takes_no_products() {
    for status in [MarketStatus::Suspended, MarketStatus::Closed] {
        let products = Products::open().await;
        let market = products.scene.reader.market(id(MARKET)).await.unwrap().unwrap();
        products.scene.move_market(market, status).await;
        let answer = products.create(seller(), &[], &product("CUP-1")).await;
        assert_eq!(error(&answer), (409, "INVALID_STATE".to_owned()), "{status:?}");
    }
}

#[tokio::test]
async fn a_price_is_in_the_markets_currency() {
    let products = Products::open().await;
    let mut body = product("CUP-1");
    body["price"]["currency"] = json!("USD");
    let answer = products.create(seller(), &[], &body).await;
    assert_eq!(error(&answer), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(fields(&answer), ["price.currency"]);
}

#[tokio::test]
async fn all_failing_fields_are_reported_at_once() {
    let products = Products::open().await;
    let body = json!({
        "sku": "x".repeat(65),
        "title": "",
        "description": 7,
        "price": { "amount": 100_000_000, "currency": "EUR" },
        "stock": -1,
        "status": "active",
    });
    let answer = products.create(seller(), &[], &body).await;
    assert_eq!(error(&answer), (400, "VALIDATION_ERROR".to_owned()));
    assert_eq!(fields(&answer), ["description", "price.amount", "sku", "status", "stock", "title"]);
    let empty = products.create(seller(), &[], &json!({})).await;
    assert_eq!(fields(&empty), ["price", "sku", "stock", "title"]);
}

#[tokio::test]
async fn the_same_request_lists_one_product_and_is_answered_with_the_same_bytes() {
    let products = Products::open().await;
    let key = [("idempotency-key", "k1")];
    let first = products.create(seller(), &key, &product("CUP-1")).await;
    let second = products.create(seller(), &key, &product("CUP-1")).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201), "{}", second.json());
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    let other = products.create(seller(), &key, &product("CUP-2")).await;
    assert_eq!(error(&other), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
}
