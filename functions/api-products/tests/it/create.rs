//! `POST /v1/markets/{marketId}/products`.

use futures::future::join_all;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::{Market, MarketStatus};
use shared::domain::values::actor::Actor;
use shared::kit::command::page::PageRequest;
use shared::repository::product::ProductReader;
use test_support::api_function::ApiRequest;
use test_support::fixture::{MARKET, id, moderator, new_id, products_of, seller, stranger};
use test_support::lambda_event::{RouterResponse, masked};

use super::{Products, product};

impl Products {
    fn create(&self, by: Actor, body: &Value) -> ApiRequest<'_> {
        self.api.post(&format!("/v1/markets/{MARKET}/products")).by(by).json(body)
    }
}

#[tokio::test]
async fn created_product_is_returned_at_its_location() {
    let products = Products::new().await;
    let mut body = product("CUP-1");
    body["description"] = json!("Holds a sip.");
    let response = products.create(seller(), &body).await;
    assert_eq!(response.status, 201, "{}", response.json());
    let returned = response.json();
    let id = returned["data"]["id"].as_str().unwrap();
    let location = response.header("location").unwrap();
    assert_eq!(location, format!("/v1/products/{id}"));
    assert_eq!(response.header("etag").unwrap(), "\"1.3.0\"");
    assert_json_snapshot!("created-product", masked(&returned, Some(id)));
    assert_eq!(products.api.get(&location).await.json(), returned);
}

#[tokio::test]
async fn sku_is_unique_within_its_market_only() {
    let products = Products::new().await;
    let response = products.create(seller(), &product("MUG-1")).await;
    assert_eq!(response.error(), (409, "CONFLICT"));
    assert_eq!(response.fields(), ["sku"]);
    let other = new_id::<Market>().to_string();
    products.marketplace.market(&other, seller(), InitialStatus::Active).await;
    let path = format!("/v1/markets/{other}/products");
    assert_eq!(products.api.post(&path).by(seller()).json(&product("MUG-1")).await.status, 201);
}

#[tokio::test]
async fn concurrent_products_with_one_sku_create_one() {
    let products = Products::new().await;
    let body = product("CUP-1");
    let responses = join_all((0..10).map(|_| products.create(seller(), &body).into_future())).await;
    let mut outcomes: Vec<_> = responses.iter().map(RouterResponse::error).collect();
    outcomes.sort_unstable();
    let mut expected = vec![(409, "CONFLICT"); 10];
    expected[0] = (201, "");
    assert_eq!(outcomes, expected);
    let listed = products
        .marketplace
        .reader
        .products(&products_of(id(MARKET)), &PageRequest::first(100))
        .await
        .unwrap()
        .items;
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn only_the_creator_of_the_market_can_create_products() {
    let products = Products::new().await;
    for other in [stranger(), moderator()] {
        assert_eq!(products.create(other, &product("CUP-1")).await.error(), (403, "FORBIDDEN"));
    }
    let path = format!("/v1/markets/{MARKET}/products");
    let anonymous = products.api.post(&path).json(&product("CUP-1")).await;
    assert_eq!(anonymous.error(), (401, "UNAUTHENTICATED"));
    let absent = format!("/v1/markets/{}/products", new_id::<Market>());
    let response = products.api.post(&absent).by(seller()).json(&product("CUP-1")).await;
    assert_eq!(response.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn creator_can_create_products_in_a_draft() {
    let products = Products::new().await;
    let draft = new_id::<Market>().to_string();
    products.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    let path = format!("/v1/markets/{draft}/products");
    assert_eq!(products.api.post(&path).by(seller()).json(&product("CUP-1")).await.status, 201);
    let other = products.api.post(&path).by(stranger()).json(&product("CUP-2")).await;
    assert_eq!(other.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn product_in_a_closed_or_suspended_market_is_refused() {
    for status in [MarketStatus::Suspended, MarketStatus::Closed] {
        let products = Products::new().await;
        products.marketplace.set_market_status(MARKET, status).await;
        let response = products.create(seller(), &product("CUP-1")).await;
        assert_eq!(response.error(), (409, "INVALID_STATE"), "{status:?}");
    }
}

#[tokio::test]
async fn price_in_another_currency_is_refused() {
    let products = Products::new().await;
    let mut body = product("CUP-1");
    body["price"]["currency"] = json!("USD");
    let response = products.create(seller(), &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.fields(), ["price.currency"]);
}

#[tokio::test]
async fn all_invalid_fields_are_reported_together() {
    let products = Products::new().await;
    let body = json!({
        "sku": "x".repeat(65),
        "title": "",
        "description": 7,
        "price": { "amount": 100_000_000, "currency": "EUR" },
        "stock": -1,
        "status": "active",
    });
    let response = products.create(seller(), &body).await;
    assert_eq!(response.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(response.fields(), ["description", "price.amount", "sku", "status", "stock", "title"]);
    let empty = products.create(seller(), &json!({})).await;
    assert_eq!(empty.fields(), ["price", "sku", "stock", "title"]);
}

#[tokio::test]
async fn repeated_request_creates_one_product_and_is_replayed() {
    let products = Products::new().await;
    let first = products.create(seller(), &product("CUP-1")).key("k1").await;
    let second = products.create(seller(), &product("CUP-1")).key("k1").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201), "{}", second.json());
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    let other = products.create(seller(), &product("CUP-2")).key("k1").await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
}
