//! `POST /v1/products/{id}/stock`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::product::{Product, Stock};
use shared::domain::values::actor::Actor;
use test_support::api_function::ApiRequest;
use test_support::fixture::{PRODUCT, buyer, moderator, new_id, seller};
use test_support::lambda_event::RouterResponse;

use super::Products;

impl Products {
    fn adjust_stock(&self, by: Actor, body: &Value) -> ApiRequest<'_> {
        self.api.post(&format!("/v1/products/{PRODUCT}/stock")).by(by).json(body)
    }
}

#[tokio::test]
async fn units_are_added_and_removed() {
    let products = Products::new().await;
    for (delta, available) in [(5, 15), (-15, 0), (1_000_000_000, 1_000_000_000)] {
        let response = products.adjust_stock(seller(), &json!({ "delta": delta })).await;
        assert_eq!(response.status, 200, "{}", response.json());
        assert_eq!(response.json()["data"]["stock"], json!({ "available": available, "reserved": 0 }));
        assert_eq!(response.header("etag").unwrap(), format!("\"1.{available}.0\""));
        assert_eq!(products.marketplace.stock().await.available, available);
    }
}

#[tokio::test]
async fn stock_cannot_become_negative() {
    let products = Products::new().await;
    let response = products.adjust_stock(seller(), &json!({ "delta": -11 })).await;
    assert_eq!(response.error(), (409, "INSUFFICIENT_STOCK"));
    assert_eq!(products.marketplace.stock().await, Stock { available: 10, reserved: 0, sold: 0 });
}

#[tokio::test]
async fn concurrent_adjustments_are_exact() {
    let products = Products::new().await;
    let minus_one = json!({ "delta": -1 });
    let responses =
        join_all((0..15).map(|_| products.adjust_stock(seller(), &minus_one).into_future())).await;
    let mut outcomes: Vec<_> = responses.iter().map(RouterResponse::error).collect();
    outcomes.sort_unstable();
    let mut expected = vec![(200, ""); 10];
    expected.extend(vec![(409, "INSUFFICIENT_STOCK"); 5]);
    assert_eq!(outcomes, expected);
    assert_eq!(products.marketplace.stock().await.available, 0);
}

#[tokio::test]
async fn repeated_adjustment_is_made_once_and_replayed() {
    let products = Products::new().await;
    let first = products.adjust_stock(seller(), &json!({ "delta": 5 })).key("k1").await;
    let second = products.adjust_stock(seller(), &json!({ "delta": 5 })).key("k1").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    assert_eq!(products.marketplace.stock().await.available, 15);
    let other = products.adjust_stock(seller(), &json!({ "delta": 6 })).key("k1").await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test]
async fn only_the_seller_can_adjust_the_stock() {
    let products = Products::new().await;
    let delta = json!({ "delta": 5 });
    for other in [buyer(), moderator()] {
        assert_eq!(products.adjust_stock(other, &delta).await.error(), (403, "FORBIDDEN"));
    }
    let path = format!("/v1/products/{PRODUCT}/stock");
    let anonymous = products.api.post(&path).json(&delta).await;
    assert_eq!(anonymous.error(), (401, "UNAUTHENTICATED"));
    let absent = format!("/v1/products/{}/stock", new_id::<Product>());
    assert_eq!(products.api.post(&absent).by(seller()).json(&delta).await.error(), (404, "NOT_FOUND"));
    assert_eq!(products.marketplace.stock().await.available, 10);
}

#[tokio::test]
async fn invalid_delta_is_refused() {
    let products = Products::new().await;
    for delta in [json!(0), json!(1.5), json!("5"), json!(null), json!(1_000_000_001), json!(-1_000_000_001)]
    {
        let response = products.adjust_stock(seller(), &json!({ "delta": delta, "reason": "recount" })).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{delta}");
        assert_eq!(response.fields(), ["delta", "reason"], "{delta}");
    }
    assert_eq!(products.adjust_stock(seller(), &json!({})).await.fields(), ["delta"]);
}

#[tokio::test]
async fn stock_resource_allows_only_post() {
    let products = Products::new().await;
    let path = format!("/v1/products/{PRODUCT}/stock");
    let response = products.api.put(&path).json(&json!({ "delta": 1 })).await;
    assert_eq!(response.error(), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(response.header("allow").unwrap(), "POST");
}
