//! Every event in `events/api-products/`.

use test_support::fixture::seller;
use test_support::lambda_event::{cases, of_file};

use super::Products;

/// What each event is answered with.
const ANSWERS: [(&str, u16, &str); 12] = [
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
async fn every_event_is_answered_as_its_name_says() {
    let products = Products::open().await;
    let mut sent = Vec::new();
    for (case, status, code) in ANSWERS {
        let event = of_file("api-products", case);
        let answer = products.send(&products.scene.signed(event, seller())).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{case}");
        sent.push(case.to_owned());
    }
    sent.sort();
    assert_eq!(sent, cases("api-products"), "an event is not sent, or does not exist");
}
