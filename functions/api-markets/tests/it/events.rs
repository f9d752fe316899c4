//! Every event in `events/api-markets/`.

use test_support::fixture::seller;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Markets;

/// Expected status and error code of each event, in the order of sending.
const EXPECTED: [(&str, u16, &str); 20] = [
    ("create-market", 201, ""),
    ("create-market-with-bad-fields", 400, "VALIDATION_ERROR"),
    ("get-market", 200, ""),
    ("get-absent-market", 404, "NOT_FOUND"),
    ("list-markets", 200, ""),
    ("list-markets-by-page", 200, ""),
    ("list-markets-with-bad-query", 400, "VALIDATION_ERROR"),
    ("get-stats", 200, ""),
    ("get-stats-of-too-many-days", 400, "VALIDATION_ERROR"),
    ("get-stats-without-token", 401, "UNAUTHENTICATED"),
    ("get-shipping", 200, ""),
    ("set-shipping", 200, ""),
    ("set-shipping-of-repeated-countries", 400, "VALIDATION_ERROR"),
    ("get-tax", 200, ""),
    ("set-tax", 200, ""),
    ("set-tax-without-version", 428, "PRECONDITION_REQUIRED"),
    ("replace-market", 200, ""),
    ("patch-market", 200, ""),
    ("patch-market-without-version", 428, "PRECONDITION_REQUIRED"),
    ("delete-market", 204, ""),
];

#[tokio::test]
async fn events_get_the_expected_responses() {
    let markets = Markets::new().await;
    for (case, status, code) in EXPECTED {
        let event = event_from_file("api-markets", case);
        let response = markets.api.send(&markets.marketplace.signed(event, seller())).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-markets", EXPECTED.map(|(case, ..)| case));
}
