//! `GET /v1/orders/{id}/timeline`.

use std::time::Duration;

use serde_json::json;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::fulfilment::attempts::RecordFailedAttempt;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::{ORDER, buyer, moderator, seller, stranger};

use super::Orders;

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_timeline_says_what_happened_when_and_by_whom() {
    let orders = Orders::open().await;
    let placed = orders.scene.order(None).await;
    let now = SystemClock.now();
    let reserve = AdvanceOrder { id: placed.id, by: FulfilmentTransition::Reserve, payment_window: DAY };
    orders.scene.run_at(now, reserve).await;
    let answer = orders.get(buyer(), &format!("/v1/orders/{ORDER}/timeline")).await;
    assert_eq!(answer.status, 200);
    let expected = json!({ "data": {
        "transitions": [
            { "status": "pending", "at": placed.created_at, "by": "buyer", "reason": null },
            { "status": "awaiting_payment", "at": now, "by": "system", "reason": null },
        ],
        "fulfilment": { "step": "awaiting payment", "until": now.saturating_add(DAY), "failedAttempts": 0 },
    }});
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_timeline_says_why_an_order_is_stuck_and_when_it_is_tried_next() {
    let orders = Orders::open().await;
    let order_id = orders.scene.order(Some("pm_card_visa")).await.id;
    orders
        .scene
        .run(AdvanceOrder { id: order_id, by: FulfilmentTransition::Reserve, payment_window: DAY })
        .await;
    let next_at = SystemClock.now().saturating_add(Duration::from_secs(4));
    for error in ["the payment gateway is asleep", "the payment gateway does not answer"] {
        orders
            .scene
            .run(RecordFailedAttempt { order_id, step: "charging", error, next_at, made: true })
            .await;
    }
    let body = orders.get(seller(), &format!("/v1/orders/{ORDER}/timeline")).await.json();
    let expected = json!({
        "step": "charging",
        "failedAttempts": 2,
        "lastError": "the payment gateway does not answer",
        "nextAttemptAt": next_at,
    });
    assert_eq!(body["data"]["fulfilment"], expected);
}

#[tokio::test]
async fn a_timeline_is_for_those_concerned() {
    let orders = Orders::open().await;
    orders.scene.order(None).await;
    let path = format!("/v1/orders/{ORDER}/timeline");
    assert_eq!(orders.get(moderator(), &path).await.status, 200);
    assert_eq!(orders.get(stranger(), &path).await.status, 404);
}
