//! `POST /v1/products/{id}/stock`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::product::{Product, Stock};
use shared::domain::values::actor::Actor;
use shared::repository::product::ProductReader;
use test_support::fixture::{PRODUCT, buyer, id, moderator, new_id, seller};
use test_support::lambda_event::{RouterResponse, request_event};

use super::{Products, fields, status_and_code};

impl Products {
    async fn adjust_stock(&self, by: Actor, headers: &[(&str, &str)], body: &Value) -> RouterResponse {
        self.post(by, &format!("/v1/products/{PRODUCT}/stock"), headers, body).await
    }

    async fn stock(&self) -> Stock {
        self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }
}

#[tokio::test]
async fn units_are_added_and_removed() {
    let products = Products::new().await;
    for (delta, available) in [(5, 15), (-15, 0), (1_000_000_000, 1_000_000_000)] {
        let response = products.adjust_stock(seller(), &[], &json!({ "delta": delta })).await;
        assert_eq!(response.status, 200, "{}", response.json());
        assert_eq!(response.json()["data"]["stock"], json!({ "available": available, "reserved": 0 }));
        assert_eq!(response.header("etag").unwrap(), format!("\"1.{available}.0\""));
        assert_eq!(products.stock().await.available, available);
    }
}

#[tokio::test]
async fn stock_cannot_become_negative() {
    let products = Products::new().await;
    let response = products.adjust_stock(seller(), &[], &json!({ "delta": -11 })).await;
    assert_eq!(status_and_code(&response), (409, "INSUFFICIENT_STOCK".to_owned()));
    assert_eq!(products.stock().await, Stock { available: 10, reserved: 0, sold: 0 });
}

#[tokio::test]
async fn concurrent_adjustments_are_exact() {
    let products = Products::new().await;
    let minus_one = json!({ "delta": -1 });
    let responses = join_all((0..15).map(|_| products.adjust_stock(seller(), &[], &minus_one))).await;
    let mut outcomes: Vec<_> = responses.iter().map(status_and_code).collect();
    outcomes.sort();
    let mut expected = vec![(200, String::new()); 10];
    expected.extend(vec![(409, "INSUFFICIENT_STOCK".to_owned()); 5]);
    assert_eq!(outcomes, expected);
    assert_eq!(products.stock().await.available, 0);
}

#[tokio::test]
async fn repeated_adjustment_is_made_once_and_replayed() {
    let products = Products::new().await;
    let key = [("idempotency-key", "k1")];
    let first = products.adjust_stock(seller(), &key, &json!({ "delta": 5 })).await;
    let second = products.adjust_stock(seller(), &key, &json!({ "delta": 5 })).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    assert_eq!(products.stock().await.available, 15);
    let other = products.adjust_stock(seller(), &key, &json!({ "delta": 6 })).await;
    assert_eq!(status_and_code(&other), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
}

#[tokio::test]
async fn only_the_seller_can_adjust_the_stock() {
    let products = Products::new().await;
    let delta = json!({ "delta": 5 });
    for other in [buyer(), moderator()] {
        assert_eq!(
            status_and_code(&products.adjust_stock(other, &[], &delta).await),
            (403, "FORBIDDEN".to_owned())
        );
    }
    let path = format!("/v1/products/{PRODUCT}/stock");
    let anonymous = products.send(&request_event("POST", &path, &[], Some(&delta))).await;
    assert_eq!(status_and_code(&anonymous), (401, "UNAUTHENTICATED".to_owned()));
    let absent = format!("/v1/products/{}/stock", new_id::<Product>());
    assert_eq!(
        status_and_code(&products.post(seller(), &absent, &[], &delta).await),
        (404, "NOT_FOUND".to_owned())
    );
    assert_eq!(products.stock().await.available, 10);
}

#[tokio::test]
async fn invalid_delta_is_refused() {
    let products = Products::new().await;
    for delta in [json!(0), json!(1.5), json!("5"), json!(null), json!(1_000_000_001), json!(-1_000_000_001)]
    {
        let response =
            products.adjust_stock(seller(), &[], &json!({ "delta": delta, "reason": "recount" })).await;
        assert_eq!(status_and_code(&response), (400, "VALIDATION_ERROR".to_owned()), "{delta}");
        assert_eq!(fields(&response), ["delta", "reason"], "{delta}");
    }
    assert_eq!(fields(&products.adjust_stock(seller(), &[], &json!({})).await), ["delta"]);
}

#[tokio::test]
async fn stock_resource_allows_only_post() {
    let products = Products::new().await;
    let path = format!("/v1/products/{PRODUCT}/stock");
    let response = products.send(&request_event("PUT", &path, &[], Some(&json!({ "delta": 1 })))).await;
    assert_eq!(status_and_code(&response), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(response.header("allow").unwrap(), "POST");
}
