//! `POST /v1/orders/{id}/refund`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::order::OrderStatus;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::payment::DeclineCode;
use test_support::fixture::{ORDER, buyer, seller};
use test_support::lambda_event::Answer;

use super::{Orders, capture, fields, stock};

impl Orders {
    async fn refund(&self, key: &str, amount: Option<i64>) -> Answer {
        let mut body = json!({ "reason": "One mug was cracked." });
        if let Some(amount) = amount {
            body["amount"] = json!({ "amount": amount, "currency": "EUR" });
        }
        let path = format!("/v1/orders/{ORDER}/refund");
        self.post(seller(), &path, &[("idempotency-key", key)], &body).await
    }

    /// The order's refunds, as its buyer sees them: the amount and the status of each.
    async fn refunds(&self) -> Vec<(i64, String)> {
        let shown = self.get(buyer(), &format!("/v1/orders/{ORDER}")).await.json();
        let refunds = shown["data"]["refunds"].as_array().cloned().unwrap_or_default();
        let told = |refund: &Value| {
            (refund["amount"]["amount"].as_i64().unwrap(), refund["status"].as_str().unwrap().to_owned())
        };
        refunds.iter().map(told).collect()
    }
}

fn refusal(answer: &Answer) -> (u16, String, Vec<String>) {
    (answer.status.as_u16(), answer.code(), fields(answer))
}

#[tokio::test]
async fn a_partial_refund_is_pending_until_the_gateway_has_made_it() {
    let orders = Orders::confirmed().await;
    let answer = orders.refund("k1", Some(1_000)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let body = answer.json()["data"].clone();
    assert_eq!(body["status"], "confirmed");
    let expected = json!([{
        "amount": { "amount": 1_000, "currency": "EUR" },
        "status": "pending",
        "reason": "One mug was cracked.",
        "at": body["updatedAt"],
    }]);
    assert_eq!(body["refunds"], expected);
    orders.advance(FulfilmentTransition::Refunded(1)).await;
    assert_eq!(orders.refunds().await, [(1_000, "succeeded".to_owned())]);
    assert_eq!(orders.order().await.status, OrderStatus::Confirmed);
    assert_eq!(orders.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn refunds_add_up_to_the_payment_and_no_further() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", Some(1_000)).await.status, 200);
    orders.advance(FulfilmentTransition::Refunded(1)).await;
    assert_eq!(orders.refund("k2", Some(2_000)).await.status, 200);
    let beyond = orders.refund("k3", Some(999)).await;
    assert_eq!(refusal(&beyond), (409, "INVALID_STATE".to_owned(), vec!["amount".to_owned()]));
    assert_eq!(beyond.json()["error"]["fields"]["amount"], "must be at most 998 EUR");
    assert_eq!(orders.refund("k4", None).await.status, 200);
    assert_eq!(orders.refund("k5", None).await.code(), "INVALID_STATE");
    assert_eq!(orders.order().await.status, OrderStatus::Confirmed);

    orders.advance(FulfilmentTransition::Refunded(3)).await;
    orders.advance(FulfilmentTransition::Refunded(2)).await;
    let order = orders.order().await;
    assert_eq!(order.status, OrderStatus::Refunded);
    assert_eq!(order.timeline.last().unwrap().reason.as_deref(), Some("One mug was cracked."));
    assert_eq!(orders.stock().await, stock(10, 0, 0), "it had not shipped");
    assert_eq!(orders.refund("k6", Some(1)).await.code(), "INVALID_STATE");
}

#[tokio::test]
async fn goods_that_were_shipped_do_not_come_back_with_the_money() {
    let orders = Orders::confirmed().await;
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    assert_eq!(orders.act(seller(), "ship", &parcel).await.status, 200);
    assert_eq!(orders.act(seller(), "deliver", &json!({})).await.status, 200);
    assert_eq!(orders.refund("k1", None).await.status, 200);
    orders.advance(FulfilmentTransition::Refunded(1)).await;
    assert_eq!(orders.order().await.status, OrderStatus::Refunded);
    assert_eq!(orders.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn an_order_whose_whole_payment_is_on_its_way_back_is_neither_shipped_nor_cancelled() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", None).await.status, 200);
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    for (action, body) in [("ship", parcel), ("cancel", json!({}))] {
        let answer = orders.act(seller(), action, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "INVALID_STATE"), "{action}");
    }
}

#[tokio::test]
async fn a_cancelled_order_gives_back_what_no_refund_has() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", Some(1_000)).await.status, 200);
    assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.status, 200);
    let pending = |amount| (amount, "pending".to_owned());
    assert_eq!(orders.refunds().await, [pending(1_000), pending(2_998)]);
    orders.advance(FulfilmentTransition::Refunded(2)).await;
    assert_eq!(orders.stock().await, stock(8, 0, 2), "not before all of it has gone back");
    orders.advance(FulfilmentTransition::Refunded(1)).await;
    assert_eq!(orders.order().await.status, OrderStatus::Cancelled);
    assert_eq!(orders.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn a_refund_that_the_gateway_refuses_leaves_its_money_to_be_refunded() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", None).await.status, 200);
    orders.advance(FulfilmentTransition::RefundRefused(1, DeclineCode::new("charge_disputed"))).await;
    assert_eq!(orders.refunds().await, [(3_998, "failed".to_owned())]);
    assert_eq!(orders.refund("k2", Some(3_998)).await.status, 200);
}

#[tokio::test]
async fn the_same_refund_is_decided_on_once() {
    let orders = Orders::confirmed().await;
    let answers = join_all((0..10).map(|_| orders.refund("k1", Some(1_000)))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.bytes), (200, &answers[0].bytes));
    }
    assert_eq!(orders.refunds().await.len(), 1);
    assert_eq!(orders.refund("k1", Some(1_001)).await.code(), "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn of_many_refunds_at_once_no_more_are_decided_on_than_was_paid() {
    let orders = Orders::confirmed().await;
    let keys: Vec<String> = (0..10).map(|n| format!("k{n}")).collect();
    let answers = join_all(keys.iter().map(|key| orders.refund(key, Some(1_000)))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, orders.refunds().await.len());
    assert!((1..=3).contains(&done), "{done}");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.status, 409, "{}", refused.json());
    }
}

#[tokio::test]
async fn what_breaks_the_rules_of_a_refund_is_named() {
    let orders = Orders::confirmed().await;
    let path = format!("/v1/orders/{ORDER}/refund");
    let missing = orders.post(seller(), &path, &[], &json!({ "reason": "cracked" })).await;
    assert_eq!(refusal(&missing), (400, "IDEMPOTENCY_KEY_REQUIRED".to_owned(), vec![]));
    let euros = |amount: i64| json!({ "amount": amount, "currency": "EUR" });
    for (body, expected) in [
        (json!({}), vec!["reason"]),
        (json!({ "amount": 5, "reason": "", "stock": true }), vec!["amount", "reason", "stock"]),
        (
            json!({ "amount": { "amount": -1, "currency": "eur" }, "reason": "x" }),
            vec!["amount.amount", "amount.currency"],
        ),
        (json!({ "amount": euros(0), "reason": "x" }), vec!["amount.amount"]),
        (json!({ "amount": { "amount": 1, "currency": "USD" }, "reason": "x" }), vec!["amount.currency"]),
    ] {
        let answer = orders.post(seller(), &path, &[("idempotency-key", "k1")], &body).await;
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(refusal(&answer), (400, "VALIDATION_ERROR".to_owned(), expected), "{body}");
    }
    let most = orders.refund("k1", Some(3_999)).await;
    assert_eq!(refusal(&most), (409, "INVALID_STATE".to_owned(), vec!["amount".to_owned()]));
}

#[tokio::test]
async fn a_payment_that_comes_when_the_order_is_over_goes_back() {
    let orders = Orders::open().await;
    orders.scene.order(None).await;
    orders.advance(FulfilmentTransition::Reserve).await;
    assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.status, 200);
    orders.receive(capture("pi_1", 3_998)).await;
    assert_eq!(orders.refunds().await, [(3_998, "pending".to_owned())]);
    assert_eq!(orders.order().await.status, OrderStatus::Cancelled);
    assert_eq!(orders.stock().await, stock(10, 0, 0));
    orders.advance(FulfilmentTransition::Refunded(1)).await;
    assert_eq!(orders.refunds().await, [(3_998, "succeeded".to_owned())]);
    assert_eq!(orders.stock().await, stock(10, 0, 0), "its pieces had been given back before");
}
