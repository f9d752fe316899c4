//! `POST /v1/products/{id}/stock`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::product::{Product, Stock};
use shared::domain::values::actor::Actor;
use shared::repository::product::ProductReader;
use test_support::fixture::{PRODUCT, buyer, id, moderator, new_id, seller};
use test_support::lambda_event::{Answer, of_request};

use super::{Products, error, fields};

impl Products {
    async fn restock(&self, by: Actor, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.post(by, &format!("/v1/products/{PRODUCT}/stock"), headers, body).await
    }

    async fn stock(&self) -> Stock {
        self.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }
}

#[tokio::test]
async fn pieces_come_and_go() {
    let products = Products::open().await;
    for (delta, available) in [(5, 15), (-15, 0), (1_000_000_000, 1_000_000_000)] {
        let answer = products.restock(seller(), &[], &json!({ "delta": delta })).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(answer.json()["data"]["stock"], json!({ "available": available, "reserved": 0 }));
        assert_eq!(answer.header("etag").unwrap(), format!("\"1.{available}.0\""));
        assert_eq!(products.stock().await.available, available);
    }
}

#[tokio::test]
async fn a_stock_does_not_fall_below_zero() {
    let products = Products::open().await;
    let answer = products.restock(seller(), &[], &json!({ "delta": -11 })).await;
    assert_eq!(error(&answer), (409, "INSUFFICIENT_STOCK".to_owned()));
    assert_eq!(products.stock().await, Stock { available: 10, reserved: 0, sold: 0 });
}

#[tokio::test]
async fn a_stock_is_exact_however_many_take_from_it_at_once() {
    let products = Products::open().await;
    let one_less = json!({ "delta": -1 });
    let answers = join_all((0..15).map(|_| products.restock(seller(), &[], &one_less))).await;
    let mut ended: Vec<_> = answers.iter().map(error).collect();
    ended.sort();
    let mut expected = vec![(200, String::new()); 10];
    expected.extend(vec![(409, "INSUFFICIENT_STOCK".to_owned()); 5]);
    assert_eq!(ended, expected);
    assert_eq!(products.stock().await.available, 0);
}

#[tokio::test]
async fn the_same_correction_is_made_once_and_answered_with_the_same_bytes() {
    let products = Products::open().await;
    let key = [("idempotency-key", "k1")];
    let first = products.restock(seller(), &key, &json!({ "delta": 5 })).await;
    let second = products.restock(seller(), &key, &json!({ "delta": 5 })).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    assert_eq!(products.stock().await.available, 15);
    let other = products.restock(seller(), &key, &json!({ "delta": 6 })).await;
    assert_eq!(error(&other), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
}

#[tokio::test]
async fn the_seller_corrects_the_stock_and_nobody_else() {
    let products = Products::open().await;
    let delta = json!({ "delta": 5 });
    for other in [buyer(), moderator()] {
        assert_eq!(error(&products.restock(other, &[], &delta).await), (403, "FORBIDDEN".to_owned()));
    }
    let path = format!("/v1/products/{PRODUCT}/stock");
    let nobody = products.send(&of_request("POST", &path, &[], Some(&delta))).await;
    assert_eq!(error(&nobody), (401, "UNAUTHENTICATED".to_owned()));
    let absent = format!("/v1/products/{}/stock", new_id::<Product>());
    assert_eq!(error(&products.post(seller(), &absent, &[], &delta).await), (404, "NOT_FOUND".to_owned()));
    assert_eq!(products.stock().await.available, 10);
}

#[tokio::test]
async fn a_correction_is_a_whole_number_of_pieces_and_not_none() {
    let products = Products::open().await;
    for delta in [json!(0), json!(1.5), json!("5"), json!(null), json!(1_000_000_001), json!(-1_000_000_001)]
    {
        let answer = products.restock(seller(), &[], &json!({ "delta": delta, "reason": "found" })).await;
        assert_eq!(error(&answer), (400, "VALIDATION_ERROR".to_owned()), "{delta}");
        assert_eq!(fields(&answer), ["delta", "reason"], "{delta}");
    }
    assert_eq!(fields(&products.restock(seller(), &[], &json!({})).await), ["delta"]);
}

#[tokio::test]
async fn a_stock_is_posted_to() {
    let products = Products::open().await;
    let path = format!("/v1/products/{PRODUCT}/stock");
    let answer = products.send(&of_request("PUT", &path, &[], Some(&json!({ "delta": 1 })))).await;
    assert_eq!(error(&answer), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(answer.header("allow").unwrap(), "POST");
}
