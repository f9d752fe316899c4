//! `POST /v1/markets`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::domain::product::Stock;
use shared::kit::command::page::PageRequest;
use shared::repository::product::ProductReader;
use test_support::fixture::{id, products_of, seller};
use test_support::lambda_event::masked;

use super::Markets;

/// Request body that creates a market with this many products.
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
    json!({
        "name": " Mugs and more ",
        "description": "All one drinks from.",
        "currency": "EUR",
        "products": products,
    })
}

#[tokio::test]
async fn created_market_is_returned_at_its_location() {
    let markets = Markets::new().await;
    let response = markets.create(seller(), &market(0)).await;
    assert_eq!(response.status, 201, "{}", response.json());
    let body = response.json();
    let id = body["data"]["id"].as_str().unwrap();
    let location = response.header("location").unwrap();
    assert_eq!(location, format!("/v1/markets/{id}"));
    assert_eq!(response.header("etag").unwrap(), "\"1.0\"");
    assert!(id.starts_with("mkt_"));
    assert_json_snapshot!("created-market", masked(&body, Some(id)));
    assert_eq!(markets.api.get(&location).await.json(), body);
}

#[tokio::test]
async fn market_is_created_with_at_most_twenty_products() {
    let markets = Markets::new().await;
    let response = markets.create(seller(), &market(20)).await;
    assert_eq!(response.status, 201, "{}", response.json());
    let market_id = id(response.json()["data"]["id"].as_str().unwrap());
    let created = markets
        .marketplace
        .reader
        .products(&products_of(market_id), &PageRequest::first(100))
        .await
        .unwrap()
        .items;
    let mut stock: Vec<(String, Stock)> =
        created.into_iter().map(|created| (created.product.sku.as_str().to_owned(), created.stock)).collect();
    stock.sort_by_key(|(_, stock)| stock.available);
    let expected: Vec<_> =
        (0..20).map(|n| (format!("MUG-{n}"), Stock { available: n, reserved: 0, sold: 0 })).collect();
    assert_eq!(stock, expected);

    let too_many = markets.create(seller(), &market(21)).await;
    assert_eq!((too_many.status.as_u16(), too_many.fields()), (400, vec!["products".to_owned()]));
}

#[tokio::test]
async fn repeated_sku_or_other_currency_of_a_product_is_refused() {
    let markets = Markets::new().await;
    let mut repeated_sku = market(3);
    repeated_sku["products"][2]["sku"] = json!("MUG-0");
    let mut dollars = market(3);
    dollars["products"][1]["price"]["currency"] = json!("USD");
    for (body, field) in [(repeated_sku, "products[2].sku"), (dollars, "products[1].price.currency")] {
        let response = markets.create(seller(), &body).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
        assert_eq!(response.fields(), [field]);
    }
    let listed = markets.api.get("/v1/markets").await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "no market was created: {listed}");
}

#[tokio::test]
async fn all_invalid_fields_are_reported_together() {
    let markets = Markets::new().await;
    let body = json!({
        "name": "\u{202e}staem",
        "description": "x".repeat(5_001),
        "currency": "XXX",
        "status": "suspended",
        "volume": 1,
        "products": [{ "sku": "a b", "price": { "amount": 1.5 }, "stock": 1_000_000_001, "colour": "red" }],
    });
    let response = markets.create(seller(), &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
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
    assert_eq!(response.fields(), expected);
    assert_eq!(response.json()["error"]["fields"]["status"], "must be one of draft, active");
}

#[tokio::test]
async fn repeated_request_creates_one_market_and_is_replayed() {
    let markets = Markets::new().await;
    let first = markets.create(seller(), &market(2)).key("k1").await;
    let second = markets.create(seller(), &market(2)).key("k1").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    let other = markets.create(seller(), &market(3)).key("k1").await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let long = "k".repeat(300);
    let invalid = markets.create(seller(), &market(2)).key(&long).await;
    assert_eq!(invalid.error(), (400, "IDEMPOTENCY_KEY_INVALID"));
}

#[tokio::test]
async fn market_creation_requires_a_token() {
    let markets = Markets::new().await;
    let response = markets.api.post("/v1/markets").json(&market(0)).await;
    assert_eq!(response.error(), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn unsupported_method_gets_405_with_the_allowed_methods() {
    let markets = Markets::new().await;
    let response = markets.api.delete("/v1/markets").await;
    assert_eq!(response.error(), (405, "METHOD_NOT_ALLOWED"));
    let allow = response.header("allow").unwrap();
    let mut allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}
