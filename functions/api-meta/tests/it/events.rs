//! Tests with the events in `events/api-meta/`.

use test_support::lambda_event::{cases, event_from_file, send};

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
    let (_marketplace, router) = super::open().await;
    for (case, status, code) in EXPECTED {
        let response = send(&router, &event_from_file("api-meta", case)).await;
        assert_eq!((response.status.as_u16(), response.code().as_str()), (status, code), "{case}");
    }
    let sent = EXPECTED.map(|(case, ..)| case.to_owned());
    assert_eq!(sent.to_vec(), cases("api-meta"), "an event file is not tested or does not exist");
}
