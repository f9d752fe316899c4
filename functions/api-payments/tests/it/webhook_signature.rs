//! Who may send to `POST /v1/payments/webhook`, and how late.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::order::OrderStatus;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::lambda_event::of_request;

use super::{Payments, paid, webhook};

async fn refused(payments: &Payments, event: &Value, status: u16, code: &str) {
    let answer = payments.send(event).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{event}");
    assert_eq!(payments.order().await.status, OrderStatus::AwaitingPayment);
}

#[tokio::test]
async fn what_the_gateway_did_not_sign_changes_nothing() {
    let payments = Payments::awaiting().await;
    let (body, now) = (paid("evt_1"), SystemClock.now());
    let good = payments.sign(&body.to_string(), now);
    let other = payments.sign(&body.to_string().replace("3998", "3999"), now);
    for signed in ["", "t=1,v1=", "nonsense", &other, &good.replace("v1=", "v0="), &good.replace("t=", "t=1")]
    {
        refused(&payments, &webhook(&body, signed), 401, "INVALID_SIGNATURE").await;
    }
    let unsigned = of_request("POST", "/v1/payments/webhook", &[], Some(&body));
    refused(&payments, &unsigned, 401, "INVALID_SIGNATURE").await;
}

#[tokio::test]
async fn a_webhook_of_long_ago_or_of_the_future_is_stale() {
    let payments = Payments::awaiting().await;
    let (body, now, minutes) = (paid("evt_1"), SystemClock.now(), Duration::from_mins(6));
    for at in [now.saturating_sub(minutes), now.saturating_add(minutes)] {
        let signed = payments.sign(&body.to_string(), at);
        refused(&payments, &webhook(&body, &signed), 400, "STALE_WEBHOOK").await;
    }
    let forged = format!("t={},v1={}", now.saturating_sub(minutes).as_seconds(), "0".repeat(64));
    refused(&payments, &webhook(&body, &forged), 401, "INVALID_SIGNATURE").await;
}

#[tokio::test]
async fn a_secret_that_is_being_replaced_signs_twice() {
    let payments = Payments::awaiting().await;
    let body = paid("evt_1");
    let good = payments.sign(&body.to_string(), SystemClock.now());
    let (time, digest) = good.split_once(',').unwrap();
    let several = format!("{time},v1={},{digest}", "0".repeat(64));
    assert_eq!(payments.send(&webhook(&body, &several)).await.status, 200);
    assert_eq!(payments.order().await.status, OrderStatus::Confirmed);
}

#[tokio::test]
async fn what_is_signed_and_no_event_is_refused_and_what_is_none_of_ours_is_not() {
    let payments = Payments::awaiting().await;
    for body in [json!([]), json!({ "id": "evt_1" }), json!("{")] {
        let answer = payments.report(&body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "MALFORMED_JSON"), "{body}");
    }
    let mut foreign = paid("evt_1");
    foreign["data"]["object"]["metadata"] = json!({ "order_id": "4711" });
    let mut nobody = paid("evt_2");
    nobody["data"]["object"]["metadata"] = json!({ "order_id": "ord_01J8Z3K5V0ABCDEFGHJKMNPQR0" });
    let customer =
        json!({ "id": "evt_3", "type": "customer.created", "data": { "object": { "id": "cus_1" } } });
    for body in [foreign, nobody, customer] {
        let answer = payments.report(&body).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "data": { "received": true } })));
    }
    assert_eq!(payments.order().await.status, OrderStatus::AwaitingPayment);
}
