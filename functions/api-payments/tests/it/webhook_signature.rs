//! Signatures of `POST /v1/payments/webhook`.

use std::time::Duration;

use serde_json::json;
use shared::domain::order::OrderStatus;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::api_function::ApiRequest;
use test_support::fixture::{ORDER, id};

use super::{Payments, paid};

async fn assert_refused(payments: &Payments, request: ApiRequest<'_>, status: u16, code: &str) {
    let event = request.event();
    assert_eq!(request.await.error(), (status, code), "{event}");
    assert_eq!(payments.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::AwaitingPayment);
}

#[tokio::test]
async fn webhook_without_valid_signature_is_refused() {
    let payments = Payments::awaiting().await;
    let (body, now) = (paid("evt_1"), SystemClock.now());
    let valid = payments.sign(&body.to_string(), now);
    let other = payments.sign(&body.to_string().replace("3998", "3999"), now);
    for signed in [
        "",
        "t=1,v1=",
        "nonsense",
        &other,
        &format!("{valid},{valid}"),
        &valid.replace("v1=", "v0="),
        &valid.replace("t=", "t=1"),
    ] {
        assert_refused(&payments, payments.webhook(&body, signed), 401, "INVALID_SIGNATURE").await;
    }
    let unsigned = payments.api.post("/v1/payments/webhook").json(&body);
    assert_refused(&payments, unsigned, 401, "INVALID_SIGNATURE").await;
}

#[tokio::test]
async fn webhook_signed_too_early_or_late_is_stale() {
    let payments = Payments::awaiting().await;
    let (body, now, minutes) = (paid("evt_1"), SystemClock.now(), Duration::from_mins(6));
    for at in [now.saturating_sub(minutes), now.saturating_add(minutes)] {
        let signed = payments.sign(&body.to_string(), at);
        assert_refused(&payments, payments.webhook(&body, &signed), 400, "STALE_WEBHOOK").await;
    }
    let forged = format!("t={},v1={}", now.saturating_sub(minutes).as_seconds(), "0".repeat(64));
    assert_refused(&payments, payments.webhook(&body, &forged), 401, "INVALID_SIGNATURE").await;
}

#[tokio::test]
async fn one_valid_signature_of_several_is_sufficient() {
    let payments = Payments::awaiting().await;
    let body = paid("evt_1");
    let valid = payments.sign(&body.to_string(), SystemClock.now());
    let (time, digest) = valid.split_once(',').unwrap();
    let several = format!("{time},v1={},{digest}", "0".repeat(64));
    assert_eq!(payments.webhook(&body, &several).await.status, 200);
    assert_eq!(payments.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::Confirmed);
}

#[tokio::test]
async fn malformed_event_is_refused_and_foreign_event_is_ignored() {
    let payments = Payments::awaiting().await;
    for body in [json!([]), json!("{"), json!(null), json!({ "id": "evt_1" }), json!({ "id": 1 })] {
        let response = payments.report(&body).await;
        assert_eq!(response.error(), (400, "MALFORMED_JSON"), "{body}");
    }
    let mut foreign = paid("evt_1");
    foreign["data"]["object"]["metadata"] = json!({ "order_id": "4711" });
    let mut unknown_order = paid("evt_2");
    unknown_order["data"]["object"]["metadata"] = json!({ "order_id": "ord_01J8Z3K5V0ABCDEFGHJKMNPQR0" });
    let customer =
        json!({ "id": "evt_3", "type": "customer.created", "data": { "object": { "id": "cus_1" } } });
    // Stripe, "Handle events": respond with 2xx to events that are not handled.
    let thin = json!({
        "id": "evt_4",
        "object": "v2.core.event",
        "type": "v1.billing.meter.no_meter_found",
        "related_object": { "id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1" },
    });
    let ping = json!({ "id": "evt_5", "object": "v2.core.event", "type": "v2.core.event_destination.ping" });
    let without_object = json!({ "id": "evt_6", "type": "payment_intent.succeeded", "data": {} });
    let without_data = json!({ "id": "evt_7", "type": "payment_intent.succeeded" });
    let null_data = json!({ "id": "evt_8", "type": "payment_intent.succeeded", "data": null });
    let stripped = [thin, ping, without_object, without_data, null_data];
    for body in [foreign, unknown_order, customer].into_iter().chain(stripped) {
        let unsigned = payments.api.post("/v1/payments/webhook").json(&body);
        assert_eq!(unsigned.await.error(), (401, "INVALID_SIGNATURE"), "{body}");
        let response = payments.report(&body).await;
        assert_eq!(
            (response.status.as_u16(), response.json()),
            (200, json!({ "data": { "received": true } })),
            "{body}"
        );
    }
    assert_eq!(payments.marketplace.stored_order(id(ORDER)).await.status, OrderStatus::AwaitingPayment);
}
