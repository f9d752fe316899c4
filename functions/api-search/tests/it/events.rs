//! Every event in `events/api-search/`.

use test_support::lambda_event::{cases, event_from_file};

use super::SearchApi;

/// Expected status and error code of each event, in the order of sending.
const EXPECTED: [(&str, u16, &str); 4] = [
    ("search", 200, ""),
    ("search-products", 200, ""),
    ("search-without-words", 400, "VALIDATION_ERROR"),
    ("search-with-bad-query", 400, "VALIDATION_ERROR"),
];

#[tokio::test]
async fn events_get_the_expected_responses() {
    let api = SearchApi::new().await;
    let mut sent = Vec::new();
    for (case, status, code) in EXPECTED {
        let response = api.send(&event_from_file("api-search", case)).await;
        assert_eq!((response.status.as_u16(), response.code().as_str()), (status, code), "{case}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("api-search"), "the events in the list and in events/api-search/ differ");
}
