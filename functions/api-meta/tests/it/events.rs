//! Tests with the events in `events/api-meta/`.

use test_support::lambda_event::{assert_all_cases, event_from_file};

/// Status and error code of the response to each event.
const EXPECTED: [(&str, u16, &str); 5] = [
    ("docs", 200, ""),
    ("health", 200, ""),
    ("nowhere", 404, "NOT_FOUND"),
    ("openapi", 200, ""),
    ("ready", 200, ""),
];

#[tokio::test]
async fn example_events_have_the_expected_responses() {
    let (_marketplace, api) = super::open().await;
    for (case, status, code) in EXPECTED {
        let response = api.send(&event_from_file("api-meta", case)).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-meta", EXPECTED.map(|(case, ..)| case));
}
