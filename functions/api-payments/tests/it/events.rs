//! Tests with the events in `events/api-payments/`.

use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::buyer;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Payments;

/// Status and error code of the response to each event, in an order in which they can be sent.
const EXPECTED: [(&str, u16, &str); 8] = [
    ("list-discrepancies-without-permission", 403, "FORBIDDEN"),
    ("get-absent-payment", 404, "NOT_FOUND"),
    ("webhook-without-signature", 401, "INVALID_SIGNATURE"),
    ("webhook-with-a-forged-signature", 401, "INVALID_SIGNATURE"),
    ("webhook-of-an-unknown-type", 200, ""),
    ("webhook-payment-failed", 200, ""),
    ("webhook-payment-succeeded", 200, ""),
    ("get-payment", 200, ""),
];

#[tokio::test]
async fn example_events_have_the_expected_responses() {
    let payments = Payments::awaiting().await;
    for (case, status, code) in EXPECTED {
        let mut event = event_from_file("api-payments", case);
        let correlation = event["headers"]["x-correlation-id"].as_str().unwrap().to_owned();
        if event["headers"]["stripe-signature"] == "<signature>" {
            let body = event["body"].as_str().unwrap();
            event["headers"]["stripe-signature"] = payments.sign(body, SystemClock.now()).into();
        }
        let response = payments.api.send(&payments.marketplace.signed(event, buyer())).await;
        assert_eq!(response.error(), (status, code), "{case}");
        assert_eq!(response.header("x-correlation-id"), Some(correlation), "{case}");
    }
    assert_all_cases("api-payments", EXPECTED.map(|(case, ..)| case));
}
