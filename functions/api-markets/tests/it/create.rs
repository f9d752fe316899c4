//! `POST /v1/markets`.

use serde_json::{Value, json};
use shared::domain::product::Stock;
use shared::kit::command::page::PageRequest;
use shared::repository::product::ProductReader;
use test_support::fixture::{id, seller};
use test_support::lambda_event::of_request;

use super::{Markets, fields};

/// A market with this many products.
fn market(products: usize) -> Value {
    let product = |n: usize| {
        json!({
            "sku": format!("MUG-{n}"),
            "title": "Mug",
            "description": "To drink from.",
            "price": { "amount": 1_999, "currency": "EUR" },
            "stock": n,
        })
    };
    let products: Vec<Value> = (0..products).map(product).collect();
    json!({ "name": " Mugs and more ", "description": "All one drinks from.", "currency": "EUR", "products": products })
}

#[tokio::test]
async fn a_market_is_opened_and_shown_at_its_address() {
    let markets = Markets::open().await;
    let answer = markets.create(seller(), &[], &market(0)).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let body = answer.json();
    let (id, created) = (&body["data"]["id"], &body["data"]["createdAt"]);
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/v1/markets/{}", id.as_str().unwrap()));
    assert_eq!(answer.header("etag").unwrap(), "\"1.0\"");
    assert!(id.as_str().unwrap().starts_with("mkt_"));
    let expected = json!({ "data": {
        "id": id,
        "name": "Mugs and more",
        "description": "All one drinks from.",
        "status": "active",
        "currency": "EUR",
        "volume": { "amount": 0, "currency": "EUR" },
        "creatorId": seller().user,
        "createdAt": created,
        "updatedAt": created,
        "version": 1,
    }});
    assert_eq!(body, expected);
    assert_eq!(markets.get(&location).await.json(), expected);
}

#[tokio::test]
async fn a_market_is_opened_with_up_to_twenty_products_or_not_at_all() {
    let markets = Markets::open().await;
    let answer = markets.create(seller(), &[], &market(20)).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let opened = id(answer.json()["data"]["id"].as_str().unwrap());
    let listed = markets.scene.reader.products_of(opened, &PageRequest::first(100)).await.unwrap().items;
    let mut stock: Vec<(String, Stock)> =
        listed.into_iter().map(|listed| (listed.product.sku.as_str().to_owned(), listed.stock)).collect();
    stock.sort_by_key(|(_, stock)| stock.available);
    let expected: Vec<_> =
        (0..20).map(|n| (format!("MUG-{n}"), Stock { available: n, reserved: 0, sold: 0 })).collect();
    assert_eq!(stock, expected);

    let too_many = markets.create(seller(), &[], &market(21)).await;
    assert_eq!((too_many.status.as_u16(), fields(&too_many)), (400, vec!["products".to_owned()]));
}

#[tokio::test]
async fn opening_products_have_different_skus_and_the_markets_currency() {
    let markets = Markets::open().await;
    let mut twice = market(3);
    twice["products"][2]["sku"] = json!("MUG-0");
    let mut dollars = market(3);
    dollars["products"][1]["price"]["currency"] = json!("USD");
    for (body, field) in [(twice, "products[2].sku"), (dollars, "products[1].price.currency")] {
        let answer = markets.create(seller(), &[], &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"));
        assert_eq!(fields(&answer), [field]);
    }
    let listed = markets.get("/v1/markets").await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "only the one that was there: {listed}");
}

#[tokio::test]
async fn all_failing_fields_are_reported_at_once() {
    let markets = Markets::open().await;
    let body = json!({
        "name": "\u{202e}staem",
        "description": "x".repeat(5_001),
        "currency": "XXX",
        "status": "suspended",
        "volume": 1,
        "products": [{ "sku": "a b", "price": { "amount": 1.5 }, "stock": 1_000_000_001, "colour": "red" }],
    });
    let answer = markets.create(seller(), &[], &body).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "VALIDATION_ERROR"));
    let expected = [
        "currency",
        "description",
        "name",
        "products[0].colour",
        "products[0].price.amount",
        "products[0].price.currency",
        "products[0].sku",
        "products[0].stock",
        "products[0].title",
        "status",
        "volume",
    ];
    assert_eq!(fields(&answer), expected);
    assert_eq!(answer.json()["error"]["fields"]["status"], "must be one of draft, active");
}

#[tokio::test]
async fn the_same_request_opens_one_market_and_is_answered_with_the_same_bytes() {
    let markets = Markets::open().await;
    let key = [("idempotency-key", "k1")];
    let first = markets.create(seller(), &key, &market(2)).await;
    let second = markets.create(seller(), &key, &market(2)).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    let other = markets.create(seller(), &key, &market(3)).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "IDEMPOTENCY_KEY_REUSED"));
    let long = "k".repeat(300);
    let invalid = markets.create(seller(), &[("idempotency-key", &long)], &market(2)).await;
    assert_eq!((invalid.status.as_u16(), invalid.code().as_str()), (400, "IDEMPOTENCY_KEY_INVALID"));
}

#[tokio::test]
async fn nobody_in_particular_opens_no_market() {
    let markets = Markets::open().await;
    let answer = markets.send(&of_request("POST", "/v1/markets", &[], Some(&market(0)))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn a_method_that_markets_do_not_know_is_answered_with_those_they_do() {
    let markets = Markets::open().await;
    let answer = markets.send(&of_request("DELETE", "/v1/markets", &[], None)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    let allow = answer.header("allow").unwrap();
    let mut allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}
