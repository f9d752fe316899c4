//! Every event in `events/api-search/`.

use test_support::lambda_event::{assert_all_cases, event_from_file};

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
    let search = SearchApi::new().await;
    for (case, status, code) in EXPECTED {
        let response = search.api.send(&event_from_file("api-search", case)).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-search", EXPECTED.map(|(case, ..)| case));
}
