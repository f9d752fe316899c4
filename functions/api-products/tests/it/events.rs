//! Every event in `events/api-products/`.

use test_support::fixture::seller;
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::Products;

/// Expected status and error code of each event, in the order of sending.
const EXPECTED: [(&str, u16, &str); 12] = [
    ("create-product", 201, ""),
    ("create-product-with-a-taken-sku", 409, "CONFLICT"),
    ("list-products", 200, ""),
    ("list-products-with-a-foreign-cursor", 400, "INVALID_CURSOR"),
    ("get-product", 200, ""),
    ("get-absent-product", 404, "NOT_FOUND"),
    ("restock-product", 200, ""),
    ("restock-product-below-zero", 409, "INSUFFICIENT_STOCK"),
    ("replace-product", 200, ""),
    ("patch-product", 200, ""),
    ("patch-product-with-a-stale-version", 412, "VERSION_MISMATCH"),
    ("delete-product", 204, ""),
];

#[tokio::test]
async fn events_get_the_expected_responses() {
    let products = Products::new().await;
    for (case, status, code) in EXPECTED {
        let event = event_from_file("api-products", case);
        let response = products.api.send(&products.marketplace.signed(event, seller())).await;
        assert_eq!(response.error(), (status, code), "{case}");
    }
    assert_all_cases("api-products", EXPECTED.map(|(case, ..)| case));
}
