//! Tests with the events in `events/api-events/`.

use test_support::fixture::seller;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Events;

/// Status and error code of the response to each event.
const EXPECTED: [(&str, u16, &str); 3] = [
    ("list-events-of-own-market", 200, ""),
    ("list-events-of-unknown-type", 400, "VALIDATION_ERROR"),
    ("list-events-without-market", 400, "VALIDATION_ERROR"),
];

#[tokio::test]
async fn example_events_have_the_expected_responses() {
    let events = Events::open().await;
    for (case, status, code) in EXPECTED {
        let event = event_from_file("api-events", case);
        let response = events.api.send(&events.marketplace.signed(event, seller())).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-events", EXPECTED.map(|(case, ..)| case));
}
