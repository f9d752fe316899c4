//! Every event in `events/api-orders/`.

use shared::domain::values::actor::Actor;
use test_support::fixture::{buyer, seller};
use test_support::lambda_event::{cases, of_file};

use super::Orders;

/// What each event of a buyer's is answered with, in an order in which they can be sent one after the other.
const OF_BUYER: [(&str, u16, &str); 11] = [
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

/// The same of a seller's, whose order is confirmed.
const OF_SELLER: [(&str, u16, &str); 7] = [
    ("list-orders-of-market", 200, ""),
    ("ship-order-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("ship-order", 200, ""),
    ("deliver-order", 200, ""),
    ("refund-order-without-key", 400, "IDEMPOTENCY_KEY_REQUIRED"),
    ("refund-order", 200, ""),
    ("refund-order-beyond-what-is-left", 409, "INVALID_STATE"),
];

async fn are_answered(orders: &Orders, answers: &[(&str, u16, &str)], by: Actor) {
    for (case, status, code) in answers {
        let event = of_file("api-orders", case);
        let correlation = event["headers"]["x-correlation-id"].as_str().unwrap().to_owned();
        let request = event["requestContext"]["requestId"].as_str().unwrap().to_owned();
        let answer = orders.send(&orders.scene.signed(event, by)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (*status, *code), "{case}");
        assert_eq!(answer.header("x-correlation-id"), Some(correlation), "{case}");
        assert_eq!(answer.header("x-request-id"), Some(request), "{case}");
    }
}

#[tokio::test]
async fn every_event_of_a_buyer_is_answered_as_its_name_says() {
    let orders = Orders::open().await;
    orders.scene.order(Some("pm_card_visa")).await;
    are_answered(&orders, &OF_BUYER, buyer()).await;
}

#[tokio::test]
async fn every_event_of_a_seller_is_answered_as_its_name_says() {
    let orders = Orders::confirmed().await;
    are_answered(&orders, &OF_SELLER, seller()).await;
}

#[test]
fn every_event_is_sent() {
    let mut sent: Vec<&str> = OF_BUYER.iter().chain(&OF_SELLER).map(|(case, _, _)| *case).collect();
    sent.sort_unstable();
    assert_eq!(sent, cases("api-orders"), "an event is not sent, or does not exist");
}
