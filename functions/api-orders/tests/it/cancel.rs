//! `POST /v1/orders/{id}/cancel`.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::DeclineCode;
use shared::domain::order::{Order, OrderEvent, OrderStatus};
use shared::domain::values::actor::Actor;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::api_function::ApiRequest;
use test_support::fixture::{ORDER, PRODUCT, buyer, id, moderator, seller, stock, stranger};

use super::Orders;

impl Orders {
    fn cancel(&self, by: Actor, body: &Value) -> ApiRequest<'_> {
        self.api.post(&format!("/v1/orders/{ORDER}/cancel")).by(by).json(body)
    }

    async fn fulfilment_step(&self) -> Value {
        self.api.get(&format!("/v1/orders/{ORDER}/timeline")).by(buyer()).await.json()["data"]["fulfilment"]["step"]
            .clone()
    }
}

fn capture() -> FulfilmentTransition {
    FulfilmentTransition::Captured(super::capture("pi_1", 3_998))
}

#[tokio::test]
async fn buyer_can_cancel_a_pending_order_with_a_reason() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let response = orders.cancel(buyer(), &json!({ "reason": " Found a cheaper one. " })).await;
    assert_eq!(response.status, 200, "{}", response.json());
    assert_eq!(response.header("etag").unwrap(), "\"2\"");
    assert_eq!(response.header("location"), None);
    assert_eq!(response.json()["data"]["status"], "cancelled");
    assert_eq!(response.json()["data"]["version"], 2);
    let timeline = orders.api.get(&format!("/v1/orders/{ORDER}/timeline")).by(buyer()).await.json();
    let last = &timeline["data"]["transitions"][1];
    assert_eq!((&last["status"], &last["by"]), (&json!("cancelled"), &json!("buyer")));
    assert_eq!(last["reason"], "Found a cheaper one.");
    assert_eq!(timeline["data"].get("fulfilment"), None);
    assert_eq!(orders.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn cancelling_an_unpaid_order_releases_its_stock_at_once() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    orders.marketplace.advance(FulfilmentTransition::Reserve).await;
    assert_eq!(orders.marketplace.stock().await, stock(8, 2, 0));
    assert_eq!(orders.cancel(seller(), &json!({})).await.status, 200);
    assert_eq!(orders.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn cancelling_during_the_charge_resolves_the_charge() {
    let orders = Orders::new().await;
    orders.marketplace.order(Some("pm_card_visa")).await;
    orders.marketplace.advance(FulfilmentTransition::Reserve).await;
    let response = orders.cancel(buyer(), &json!({})).await;
    assert_eq!((response.status.as_u16(), &response.json()["data"]["status"]), (200, &json!("cancelled")));
    assert_eq!(orders.fulfilment_step().await, "checking the charge");
    assert_eq!(orders.marketplace.stock().await, stock(8, 2, 0));
}

#[tokio::test]
async fn cancelling_a_confirmed_order_refunds_its_payment() {
    let orders = Orders::new().await;
    orders.marketplace.order(Some("pm_card_visa")).await;
    orders.marketplace.advance(FulfilmentTransition::Reserve).await;
    orders.marketplace.advance(capture()).await;
    assert_eq!(orders.marketplace.stock().await, stock(8, 0, 2));
    let response = orders.cancel(seller(), &json!({})).await;
    assert_eq!((response.status.as_u16(), &response.json()["data"]["status"]), (200, &json!("cancelled")));
    assert!(response.json()["data"]["paymentId"].as_str().unwrap().starts_with("pay_"));
    assert_eq!(orders.fulfilment_step().await, "refunding");
    orders.marketplace.refund_made(1).await;
    assert_eq!(orders.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn ended_or_shipped_order_cannot_be_cancelled() {
    for end in ["out of stock", "declined", "expired", "cancelled", "shipped", "delivered"] {
        let orders = Orders::new().await;
        let method = (end != "expired").then_some("pm_card_visa");
        let placed = orders.marketplace.order(method).await;
        match end {
            "out of stock" => orders.marketplace.advance(FulfilmentTransition::OutOfStock(id(PRODUCT))).await,
            "declined" => {
                orders.marketplace.advance(FulfilmentTransition::Reserve).await;
                let declined = DeclineCode::new("card_declined");
                orders.marketplace.advance(FulfilmentTransition::Declined(declined)).await;
            }
            "expired" => {
                orders.marketplace.advance(FulfilmentTransition::Reserve).await;
                let tomorrow = SystemClock.now().saturating_add(Duration::from_hours(25));
                orders.marketplace.run_at(tomorrow, ExpireOrder { id: placed.id }).await;
            }
            "cancelled" => assert_eq!(orders.cancel(buyer(), &json!({})).await.status, 200),
            later => {
                orders.marketplace.advance(FulfilmentTransition::Reserve).await;
                orders.marketplace.advance(capture()).await;
                let order = orders.marketplace.stored_order(placed.id).await;
                let status = if later == "shipped" { OrderStatus::Shipped } else { OrderStatus::Delivered };
                let order = Order { status, version: order.version.next(), ..order };
                let event = OrderEvent::Progressed((&order).into());
                orders.marketplace.put_entity(order, event).await;
            }
        }
        let before = orders.marketplace.reader.order(placed.id).await.unwrap();
        let response = orders.cancel(buyer(), &json!({})).await;
        assert_eq!(response.error(), (409, "INVALID_STATE"), "{end}");
        assert_eq!(orders.marketplace.reader.order(placed.id).await.unwrap(), before, "{end}");
    }
}

#[tokio::test]
async fn only_buyer_and_seller_can_cancel_an_order() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let as_stranger = orders.cancel(stranger(), &json!({})).await;
    assert_eq!(as_stranger.error(), (404, "NOT_FOUND"));
    let as_moderator = orders.cancel(moderator(), &json!({})).await;
    assert_eq!(as_moderator.error(), (403, "FORBIDDEN"));
    let path = "/v1/orders/ord_01J8Z3K5V0ABCDEFGHJKMNPQR0/cancel";
    assert_eq!(orders.api.post(path).by(buyer()).json(&json!({})).await.status, 404);
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Pending);
}

#[tokio::test]
async fn repeated_cancellation_is_replayed_if_its_body_is_equal() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let body = json!({ "reason": "Changed my mind." });
    let first = orders.cancel(buyer(), &body).key("k1").await;
    let second = orders.cancel(buyer(), &body).key("k1").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(first.header("idempotent-replay"), None);
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    let other = orders.cancel(buyer(), &json!({})).key("k1").await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let long = "k".repeat(300);
    let invalid = orders.cancel(buyer(), &body).key(&long).await;
    assert_eq!(invalid.error(), (400, "IDEMPOTENCY_KEY_INVALID"));
}

#[tokio::test]
async fn key_of_one_cancelled_order_is_refused_for_another() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    assert_eq!(orders.cancel(buyer(), &json!({})).key("k1").await.status, 200);
    let other = "/v1/orders/ord_01J8Z3K5V0ABCDEFGHJKMNPQR0/cancel";
    let response = orders.api.post(other).by(buyer()).key("k1").json(&json!({})).await;
    assert_eq!(response.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test]
async fn invalid_reason_is_refused() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    for reason in [json!(""), json!(7), json!("x".repeat(501)), json!("a\u{202e}b")] {
        let response = orders.cancel(buyer(), &json!({ "reason": reason, "refund": true })).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{reason}");
        assert_eq!(response.fields(), ["reason", "refund"]);
    }
}
