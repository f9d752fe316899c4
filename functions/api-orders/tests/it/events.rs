//! Every event in `events/api-orders/`.

use shared::domain::values::actor::Actor;
use test_support::fixture::{buyer, seller};
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Orders;

/// Expected status and error code of each event that the buyer sends, in the order of sending.
const BUYER_EVENTS: [(&str, u16, &str); 14] = [
    ("get-order", 200, ""),
    ("get-absent-order", 404, "NOT_FOUND"),
    ("get-timeline", 200, ""),
    ("get-timeline-of-absent-order", 404, "NOT_FOUND"),
    ("list-orders", 200, ""),
    ("list-orders-without-token", 401, "UNAUTHENTICATED"),
    ("place-order", 201, ""),
    ("place-order-without-key", 400, "IDEMPOTENCY_KEY_REQUIRED"),
    ("place-order-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("place-order-with-needless-address", 400, "VALIDATION_ERROR"),
    ("quote-order", 200, ""),
    ("quote-order-with-bad-address", 400, "VALIDATION_ERROR"),
    ("cancel-order-with-unknown-field", 400, "VALIDATION_ERROR"),
    ("cancel-order", 200, ""),
];

/// Expected status and error code of each event that the seller of a confirmed order sends, in the order of
/// sending.
const SELLER_EVENTS: [(&str, u16, &str); 7] = [
    ("list-orders-of-market", 200, ""),
    ("ship-order-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("ship-order", 200, ""),
    ("deliver-order", 200, ""),
    ("refund-order-without-key", 400, "IDEMPOTENCY_KEY_REQUIRED"),
    ("refund-order", 200, ""),
    ("refund-order-beyond-what-is-left", 409, "INVALID_STATE"),
];

async fn assert_responses(orders: &Orders, expected: &[(&str, u16, &str)], by: Actor) {
    for (case, status, code) in expected {
        let event = event_from_file("api-orders", case);
        let correlation_id = event["headers"]["x-correlation-id"].as_str().unwrap().to_owned();
        let request_id = event["requestContext"]["requestId"].as_str().unwrap().to_owned();
        let response = orders.api.send(&orders.marketplace.signed(event, by)).await;
        assert_eq!(response.error(), (*status, *code), "{case}");
        assert_eq!(response.header("x-correlation-id"), Some(correlation_id), "{case}");
        assert_eq!(response.header("x-request-id"), Some(request_id), "{case}");
    }
}

#[tokio::test]
async fn events_of_a_buyer_get_the_expected_responses() {
    let orders = Orders::new().await;
    orders.marketplace.order(Some("pm_card_visa")).await;
    assert_responses(&orders, &BUYER_EVENTS, buyer()).await;
}

#[tokio::test]
async fn events_of_a_seller_get_the_expected_responses() {
    let orders = Orders::confirmed().await;
    assert_responses(&orders, &SELLER_EVENTS, seller()).await;
}

#[test]
fn every_event_file_is_sent() {
    assert_all_cases("api-orders", BUYER_EVENTS.iter().chain(&SELLER_EVENTS).map(|(case, ..)| *case));
}
