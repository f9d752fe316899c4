//! `POST /v1/orders/{id}/ship` and `/deliver`.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::order::OrderStatus;
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::DeclineCode;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ORDER, buyer, id, moderator, seller, stock, stranger};

use super::{Orders, capture};

fn shipment() -> Value {
    json!({ "carrier": "DHL", "trackingNumber": "00340434161094042557" })
}

#[tokio::test]
async fn seller_ships_and_delivers_a_confirmed_order() {
    let orders = Orders::confirmed().await;
    let shipped = orders.act(seller(), "ship", &shipment()).await;
    assert_eq!(shipped.status, 200, "{}", shipped.json());
    assert_eq!(shipped.header("etag").unwrap(), "\"4\"");
    let body = shipped.json()["data"].clone();
    assert_eq!((&body["status"], &body["shipment"]), (&json!("shipped"), &shipment()));
    let delivered = orders.act(seller(), "deliver", &json!({})).await;
    assert_eq!(delivered.status, 200, "{}", delivered.json());
    assert_eq!(delivered.json()["data"]["status"], "delivered");
    assert_eq!(orders.marketplace.stock().await, stock(8, 0, 2));

    let timeline = orders.api.get(&format!("/v1/orders/{ORDER}/timeline")).by(buyer()).await.json();
    let transitions = timeline["data"]["transitions"].as_array().unwrap();
    let status_and_party: Vec<(&str, &str)> = transitions[3..]
        .iter()
        .map(|entry| (entry["status"].as_str().unwrap(), entry["by"].as_str().unwrap()))
        .collect();
    assert_eq!(status_and_party, [("shipped", "seller"), ("delivered", "seller")]);
    assert_eq!(
        orders.api.get(&format!("/v1/orders/{ORDER}")).by(buyer()).await.json()["data"]["shipment"],
        shipment()
    );
}

#[tokio::test]
async fn only_the_seller_can_ship_deliver_and_refund() {
    let orders = Orders::confirmed().await;
    let refund = json!({ "reason": "cracked" });
    for (action, body) in [("ship", shipment()), ("deliver", json!({})), ("refund", refund)] {
        for (actor, status, code) in
            [(buyer(), 403, "FORBIDDEN"), (moderator(), 403, "FORBIDDEN"), (stranger(), 404, "NOT_FOUND")]
        {
            let response = orders.act(actor, action, &body).await;
            assert_eq!(response.error(), (status, code), "{action}");
        }
        let path = format!("/v1/orders/ord_01J8Z3K5V0ABCDEFGHJKMNPQR0/{action}");
        let absent = orders.api.post(&path).by(seller()).key("k").json(&body).await;
        assert_eq!(absent.status, 404, "{action}");
    }
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Confirmed);
}

#[tokio::test]
async fn order_that_is_not_confirmed_cannot_ship_or_be_refunded() {
    for state in ["pending", "awaiting", "charging", "rejected", "cancelled", "expired"] {
        let orders = Orders::new().await;
        let method = ["charging", "rejected"].contains(&state).then_some("pm_card_visa");
        let placed = orders.marketplace.order(method).await;
        if state != "pending" {
            orders.marketplace.advance(FulfilmentTransition::Reserve).await;
        }
        match state {
            "rejected" => {
                let declined = DeclineCode::new("card_declined");
                orders.marketplace.advance(FulfilmentTransition::Declined(declined)).await;
            }
            "cancelled" => assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.status, 200),
            "expired" => {
                let tomorrow = SystemClock.now().saturating_add(Duration::from_hours(25));
                orders.marketplace.run_at(tomorrow, ExpireOrder { id: placed.id }).await;
            }
            _ => {}
        }
        let before = orders.marketplace.stored_order(id(ORDER)).await;
        let refund = json!({ "reason": "cracked" });
        for (action, body) in [("ship", shipment()), ("deliver", json!({})), ("refund", refund)] {
            let response = orders.act(seller(), action, &body).await;
            assert_eq!(response.error(), (409, "INVALID_STATE"), "{action} of {state}");
        }
        assert_eq!(orders.marketplace.stored_order(id(ORDER)).await, before);
    }
}

#[tokio::test]
async fn order_is_shipped_once_and_then_delivered_once() {
    let orders = Orders::confirmed().await;
    assert_eq!(orders.act(seller(), "deliver", &json!({})).await.code(), "INVALID_STATE");
    assert_eq!(orders.act(seller(), "ship", &shipment()).await.status, 200);
    assert_eq!(orders.api.post(&path("ship")).by(seller()).json(&shipment()).await.code(), "INVALID_STATE");
    let (first, second) = (
        orders.act(seller(), "deliver", &json!({})).await,
        orders.act(seller(), "deliver", &json!({})).await,
    );
    assert_eq!((first.status.as_u16(), first.bytes), (200, second.bytes.clone()));
    assert_eq!(second.header("idempotent-replay").unwrap(), "true");
    for action in ["ship", "deliver"] {
        let body = if action == "ship" { shipment() } else { json!({}) };
        let response = orders.api.post(&path(action)).by(seller()).json(&body).await;
        assert_eq!(response.error(), (409, "INVALID_STATE"), "{action}");
    }
    assert_eq!(orders.act(buyer(), "cancel", &json!({})).await.code(), "INVALID_STATE");
    let before = orders.marketplace.stored_order(id(ORDER)).await;
    orders.receive(capture("pi_1", 3_998)).await;
    assert_eq!(orders.marketplace.stored_order(id(ORDER)).await, before, "the capture is already recorded");
}

fn path(action: &str) -> String {
    format!("/v1/orders/{ORDER}/{action}")
}

#[tokio::test]
async fn invalid_shipment_is_refused_with_its_invalid_fields() {
    let orders = Orders::confirmed().await;
    let long = "x".repeat(101);
    for (body, expected) in [
        (json!({}), vec!["carrier", "trackingNumber"]),
        (json!({ "carrier": "", "trackingNumber": 7 }), vec!["carrier", "trackingNumber"]),
        (json!({ "carrier": "DHL", "trackingNumber": long, "weight": 1 }), vec!["trackingNumber", "weight"]),
    ] {
        let response = orders.act(seller(), "ship", &body).await;
        assert_eq!(response.error(), (400, "VALIDATION_ERROR"), "{body}");
        assert_eq!(response.fields(), expected);
    }
    let response = orders.act(seller(), "deliver", &json!({ "at": "noon" })).await;
    assert_eq!((response.status.as_u16(), response.fields()), (400, vec!["at".to_owned()]));
}

#[tokio::test]
async fn buyer_in_their_own_market_can_ship_the_order() {
    let orders = Orders::new().await;
    let placed = orders.place(seller(), "k", &super::two_mugs()).await.json()["data"]["id"].clone();
    let id = placed.as_str().unwrap();
    for by in [FulfilmentTransition::Reserve, FulfilmentTransition::Captured(capture("pi_1", 3_998))] {
        orders.marketplace.advance_order(id.parse().unwrap(), by).await;
    }
    let path = format!("/v1/orders/{id}/ship");
    let shipped = orders.api.post(&path).by(seller()).json(&shipment()).await;
    assert_eq!(shipped.status, 200, "{}", shipped.json());
}
