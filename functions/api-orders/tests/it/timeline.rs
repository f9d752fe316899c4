//! `GET /v1/orders/{id}/timeline`.

use std::time::Duration;

use serde_json::json;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::attempts::RecordFailedAttempt;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ORDER, PRODUCT, buyer, moderator, seller, stranger};

use super::Orders;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn timeline_returns_status_time_and_party() {
    let orders = Orders::new().await;
    let placed = orders.marketplace.order(None).await;
    let now = SystemClock.now();
    let reserve = AdvanceOrder { id: placed.id, by: FulfilmentTransition::Reserve, payment_window: DAY };
    orders.marketplace.run_at(now, reserve).await;
    let response = orders.api.get(&format!("/v1/orders/{ORDER}/timeline")).by(buyer()).await;
    assert_eq!(response.status, 200);
    let total = json!({ "amount": 3_998, "currency": "EUR" });
    let expected = json!({ "data": {
        "lines": [{
            "type": "item", "productId": PRODUCT, "sku": "MUG-1", "title": "Mug", "quantity": 2,
            "unitPrice": { "amount": 1_999, "currency": "EUR" }, "net": total, "gross": total,
        }],
        "total": total,
        "transitions": [
            { "status": "pending", "at": placed.created_at, "by": "buyer", "reason": null },
            { "status": "awaiting_payment", "at": now, "by": "system", "reason": null },
        ],
        "fulfilment": { "step": "awaiting payment", "until": now.saturating_add(DAY), "failedAttempts": 0 },
    }});
    assert_eq!(response.json(), expected);
}

#[tokio::test]
async fn timeline_returns_last_error_and_next_attempt() {
    let orders = Orders::new().await;
    let order_id = orders.marketplace.order(Some("pm_card_visa")).await.id;
    orders.marketplace.advance(FulfilmentTransition::Reserve).await;
    let next_at = SystemClock.now().saturating_add(Duration::from_secs(4));
    for error in ["the payment gateway is unavailable", "the payment gateway does not respond"] {
        orders
            .marketplace
            .run(RecordFailedAttempt { order_id, step: "charging", error, next_at, made: true })
            .await;
    }
    let body = orders.api.get(&format!("/v1/orders/{ORDER}/timeline")).by(seller()).await.json();
    let expected = json!({
        "step": "charging",
        "failedAttempts": 2,
        "lastError": "the payment gateway does not respond",
        "nextAttemptAt": next_at,
    });
    assert_eq!(body["data"]["fulfilment"], expected);
}

#[tokio::test]
async fn timeline_is_visible_to_moderators_but_not_to_strangers() {
    let orders = Orders::new().await;
    orders.marketplace.order(None).await;
    let path = format!("/v1/orders/{ORDER}/timeline");
    assert_eq!(orders.api.get(&path).by(moderator()).await.status, 200);
    assert_eq!(orders.api.get(&path).by(stranger()).await.status, 404);
}
