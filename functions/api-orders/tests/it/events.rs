//! Every event in `events/api-orders/`.

use harness::event::{cases, of_file};
use harness::scene::buyer;

use super::Orders;

/// What each event is answered with, in an order in which they can be sent one after the other.
const ANSWERS: [(&str, u16, &str); 11] = [
    ("get-order", 200, ""),
    ("get-absent-order", 404, "NOT_FOUND"),
    ("get-timeline", 200, ""),
    ("get-timeline-of-absent-order", 404, "NOT_FOUND"),
    ("list-orders", 200, ""),
    ("list-orders-without-token", 401, "UNAUTHENTICATED"),
    ("place-order", 201, ""),
    ("place-order-without-key", 400, "IDEMPOTENCY_KEY_REQUIRED"),
    ("place-order-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("cancel-order-with-unknown-field", 400, "VALIDATION_ERROR"),
    ("cancel-order", 200, ""),
];

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    let orders = Orders::open().await;
    orders.scene.order(Some("pm_card_visa")).await;
    let mut sent = Vec::new();
    for (case, status, code) in ANSWERS {
        let event = of_file("api-orders", case);
        let correlation = event["headers"]["x-correlation-id"].as_str().unwrap().to_owned();
        let request = event["requestContext"]["requestId"].as_str().unwrap().to_owned();
        let answer = orders.send(&orders.scene.signed(event, buyer())).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{case}");
        assert_eq!(answer.header("x-correlation-id"), Some(correlation), "{case}");
        assert_eq!(answer.header("x-request-id"), Some(request), "{case}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("api-orders"), "an event is not sent, or does not exist");
}
