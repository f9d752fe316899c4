//! `POST /v1/orders/{id}/refund`.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::order::OrderStatus;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::product::Product;
use test_support::fixture::{ORDER, PRODUCT, buyer, id, new_id, seller, stock};
use test_support::lambda_event::RouterResponse;

use super::{Orders, capture};

impl Orders {
    async fn refund(&self, key: &str, amount: Option<i64>) -> RouterResponse {
        let mut part = json!({});
        if let Some(amount) = amount {
            part["amount"] = json!({ "amount": amount, "currency": "EUR" });
        }
        self.refund_part(key, part).await
    }

    /// Refunds a part of the order, given by fields of the body.
    async fn refund_part(&self, key: &str, mut part: Value) -> RouterResponse {
        part["reason"] = json!("One mug was cracked.");
        let path = format!("/v1/orders/{ORDER}/refund");
        self.api.post(&path).by(seller()).key(key).json(&part).await
    }

    /// Amount and status of each refund of the order, as the buyer sees them.
    async fn refunds(&self) -> Vec<(i64, String)> {
        let order = self.api.get(&format!("/v1/orders/{ORDER}")).by(buyer()).await.json();
        let refunds = order["data"]["refunds"].as_array().cloned().unwrap();
        let amount_and_status = |refund: &Value| {
            (refund["amount"]["amount"].as_i64().unwrap(), refund["status"].as_str().unwrap().to_owned())
        };
        refunds.iter().map(amount_and_status).collect()
    }
}

fn refusal(response: &RouterResponse) -> (u16, &str, Vec<String>) {
    (response.status.as_u16(), response.code(), response.fields())
}

#[tokio::test]
async fn partial_refund_is_pending_until_the_gateway_makes_it() {
    let orders = Orders::confirmed().await;
    let response = orders.refund("k1", Some(1_000)).await;
    assert_eq!(response.status, 200, "{}", response.json());
    let body = response.json()["data"].clone();
    assert_eq!(body["status"], "confirmed");
    let expected = json!([{
        "amount": { "amount": 1_000, "currency": "EUR" },
        "status": "pending",
        "reason": "One mug was cracked.",
        "lines": [{
            "type": "item",
            "productId": PRODUCT,
            "net": { "amount": 1_000, "currency": "EUR" },
            "tax": { "amount": 0, "currency": "EUR" },
            "gross": { "amount": 1_000, "currency": "EUR" },
        }],
        "at": body["updatedAt"],
    }]);
    assert_eq!(body["refunds"], expected);
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.refunds().await, [(1_000, "succeeded".to_owned())]);
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Confirmed);
    assert_eq!(orders.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn refunds_cannot_exceed_the_payment() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", Some(1_000)).await.status, 200);
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.refund("k2", Some(2_000)).await.status, 200);
    let too_much = orders.refund("k3", Some(999)).await;
    assert_eq!(refusal(&too_much), (409, "INVALID_STATE", vec!["amount".to_owned()]));
    assert_eq!(too_much.json()["error"]["fields"]["amount"], "must be at most 998 EUR");
    assert_eq!(orders.refund("k4", None).await.status, 200);
    assert_eq!(orders.refund("k5", None).await.code(), "INVALID_STATE");
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Confirmed);

    orders.marketplace.refund_made(3).await;
    orders.marketplace.refund_made(2).await;
    let order = orders.marketplace.stored_order(id(ORDER)).await;
    assert_eq!(order.status, OrderStatus::Refunded);
    assert_eq!(order.timeline.last().unwrap().reason.as_deref(), Some("One mug was cracked."));
    assert_eq!(
        orders.marketplace.stock().await,
        stock(10, 0, 0),
        "units that have not shipped return to the stock"
    );
    assert_eq!(orders.refund("k6", Some(1)).await.code(), "INVALID_STATE");
}

#[tokio::test]
async fn refund_of_a_shipped_order_does_not_restock_its_units() {
    let orders = Orders::confirmed().await;
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    assert_eq!(orders.act(seller(), "ship", &parcel).await.status, 200);
    assert_eq!(orders.act(seller(), "deliver", &json!({})).await.status, 200);
    assert_eq!(orders.refund("k1", None).await.status, 200);
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Refunded);
    assert_eq!(orders.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn order_with_a_pending_full_refund_cannot_ship_or_be_cancelled() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", None).await.status, 200);
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    for (action, body) in [("ship", parcel), ("cancel", json!({}))] {
        let response = orders.act(seller(), action, &body).await;
        assert_eq!(response.error(), (409, "INVALID_STATE"), "{action}");
    }
}

#[tokio::test]
async fn cancelling_refunds_the_remaining_amount() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", Some(1_000)).await.status, 200);
    assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.status, 200);
    let pending = |amount| (amount, "pending".to_owned());
    assert_eq!(orders.refunds().await, [pending(1_000), pending(2_998)]);
    orders.marketplace.refund_made(2).await;
    assert_eq!(
        orders.marketplace.stock().await,
        stock(8, 0, 2),
        "the stock is released only when all refunds are made"
    );
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Cancelled);
    assert_eq!(orders.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn amount_of_a_failed_refund_can_be_refunded_again() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.refund("k1", None).await.status, 200);
    orders.marketplace.refund_refused(1, "charge_disputed").await;
    assert_eq!(orders.refunds().await, [(3_998, "failed".to_owned())]);
    assert_eq!(orders.refund("k2", Some(3_998)).await.status, 200);
}

#[tokio::test]
async fn repeated_refund_request_creates_one_refund() {
    let orders = Orders::confirmed().await;
    let responses = join_all((0..10).map(|_| orders.refund("k1", Some(1_000)))).await;
    for response in &responses {
        assert_eq!((response.status.as_u16(), &response.bytes), (200, &responses[0].bytes));
    }
    assert_eq!(orders.refunds().await.len(), 1);
    assert_eq!(orders.refund("k1", Some(1_001)).await.code(), "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn concurrent_refunds_do_not_exceed_the_payment() {
    let orders = Orders::confirmed().await;
    let keys: Vec<String> = (0..10).map(|n| format!("k{n}")).collect();
    let responses = join_all(keys.iter().map(|key| orders.refund(key, Some(1_000)))).await;
    let accepted = responses.iter().filter(|response| response.status == 200).count();
    assert_eq!(accepted, orders.refunds().await.len());
    assert!((1..=3).contains(&accepted), "{accepted}");
    for refused in responses.iter().filter(|response| response.status != 200) {
        assert_eq!(refused.status, 409, "{}", refused.json());
    }
}

#[tokio::test]
async fn invalid_refund_is_refused_with_its_invalid_fields() {
    let orders = Orders::confirmed().await;
    let path = format!("/v1/orders/{ORDER}/refund");
    let missing = orders.api.post(&path).by(seller()).json(&json!({ "reason": "cracked" })).await;
    assert_eq!(refusal(&missing), (400, "IDEMPOTENCY_KEY_REQUIRED", vec![]));
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
        let response = orders.api.post(&path).by(seller()).key("k1").json(&body).await;
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(refusal(&response), (400, "VALIDATION_ERROR", expected), "{body}");
    }
    let too_much = orders.refund("k1", Some(3_999)).await;
    assert_eq!(refusal(&too_much), (409, "INVALID_STATE", vec!["amount".to_owned()]));
}

#[tokio::test]
async fn payment_after_cancellation_is_refunded() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    orders.marketplace.advance(FulfilmentTransition::Reserve).await;
    assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.status, 200);
    orders.receive(capture("pi_1", 3_998)).await;
    assert_eq!(orders.refunds().await, [(3_998, "pending".to_owned())]);
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Cancelled);
    assert_eq!(orders.marketplace.stock().await, stock(10, 0, 0));
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.refunds().await, [(3_998, "succeeded".to_owned())]);
    assert_eq!(
        orders.marketplace.stock().await,
        stock(10, 0, 0),
        "the units were released when the order was cancelled"
    );
}

#[tokio::test]
async fn order_with_total_zero_has_nothing_to_refund() {
    let orders = Orders::new().await;
    let free = test_support::fixture::new_id::<shared::domain::product::Product>();
    let market = test_support::fixture::MARKET;
    orders.marketplace.product(&free.to_string(), market, seller(), "FREE", 0, 5).await;
    orders.marketplace.order_of(id(ORDER), free, 2, None).await;
    orders.marketplace.advance(FulfilmentTransition::Reserve).await;
    for amount in [None, Some(0), Some(100)] {
        let response = orders.refund("k1", amount).await;
        assert_eq!(response.error(), (409, "INVALID_STATE"), "{amount:?}");
        let message =
            format!("order {ORDER} cannot be refunded: its total is 0, so there is nothing to refund");
        assert_eq!(response.json()["error"]["message"], message);
    }
}

/// Refund of this number of mugs.
fn mugs(quantity: i64) -> Value {
    json!({ "lines": [{ "productId": PRODUCT, "quantity": quantity }] })
}

#[tokio::test]
async fn refunded_mug_that_has_not_shipped_returns_to_the_stock() {
    let orders = Orders::confirmed().await;
    let response = orders.refund_part("k1", mugs(1)).await;
    assert_eq!(response.status, 200, "{}", response.json());
    let refund = response.json()["data"]["refunds"][0].clone();
    let part = json!([{
        "type": "item",
        "productId": PRODUCT,
        "quantity": 1,
        "restocked": 1,
        "net": { "amount": 1_999, "currency": "EUR" },
        "tax": { "amount": 0, "currency": "EUR" },
        "gross": { "amount": 1_999, "currency": "EUR" },
    }]);
    assert_eq!((&refund["amount"]["amount"], &refund["lines"]), (&json!(1_999), &part));
    assert_eq!(orders.marketplace.stock().await, stock(9, 0, 1));
    assert_eq!(orders.refund_part("k1", mugs(1)).await.bytes, response.bytes);
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.marketplace.stock().await, stock(9, 0, 1));

    let rest = orders.refund_part("k2", mugs(1)).await;
    assert_eq!(rest.status, 200, "{}", rest.json());
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    assert_eq!(orders.act(seller(), "ship", &parcel).await.error(), (409, "INVALID_STATE"));
    orders.marketplace.refund_made(2).await;
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Refunded);
    assert_eq!(orders.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn shipped_mug_returns_to_the_stock_only_if_requested() {
    let orders = Orders::confirmed().await;
    let parcel = json!({ "carrier": "DHL", "trackingNumber": "1" });
    assert_eq!(orders.act(seller(), "ship", &parcel).await.status, 200);
    assert_eq!(orders.refund_part("k1", mugs(1)).await.status, 200);
    assert_eq!(orders.marketplace.stock().await, stock(8, 0, 2));
    let returned = json!({ "lines": mugs(1)["lines"], "restock": true });
    assert_eq!(orders.refund_part("k2", returned).await.status, 200);
    assert_eq!(orders.marketplace.stock().await, stock(9, 0, 1));
}

#[tokio::test]
async fn lines_that_cannot_be_refunded_are_refused_by_field() {
    let orders = Orders::confirmed().await;
    let other = json!({ "lines": [{ "productId": new_id::<Product>(), "quantity": 1 }] });
    let twice = json!({ "lines": [mugs(1)["lines"][0], mugs(1)["lines"][0]] });
    let with_amount = json!({ "lines": mugs(1)["lines"], "amount": { "amount": 1, "currency": "EUR" } });
    for (part, expected) in [
        (other, (400, "VALIDATION_ERROR", "lines[0].productId")),
        (twice, (400, "VALIDATION_ERROR", "lines[1].productId")),
        (mugs(3), (409, "INVALID_STATE", "lines[0].quantity")),
        (mugs(0), (400, "VALIDATION_ERROR", "lines[0].quantity")),
        (json!({ "lines": [] }), (400, "VALIDATION_ERROR", "lines")),
        (json!({ "shipping": true }), (400, "VALIDATION_ERROR", "shipping")),
        (json!({ "restock": true }), (400, "VALIDATION_ERROR", "restock")),
        (with_amount, (400, "VALIDATION_ERROR", "amount")),
    ] {
        let response = orders.refund_part("k1", part.clone()).await;
        let (status, code, field) = expected;
        assert_eq!(refusal(&response), (status, code, vec![field.to_owned()]), "{part}");
    }
    assert_eq!(orders.refunds().await, []);
    assert_eq!(orders.marketplace.stock().await, stock(8, 0, 2));
}
