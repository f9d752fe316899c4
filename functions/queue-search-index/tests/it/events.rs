//! Every event in `events/queue-search-index/`.

use shared::domain::market::MarketStatus;
use shared::domain::product::delete::DeleteProduct;
use test_support::fixture::{MARKET, PRODUCT, id, seller};
use test_support::lambda_event::{assert_all_cases, event_from_file};
use test_support::queue_function::BatchResult;

use super::Fixture;

/// The events in the sequence in which they happen, the number of index terms afterwards, and the number of
/// messages dead-lettered. The market is called "Mugs and more", the product "Mug".
const EXPECTED: [(&str, usize, usize); 7] = [
    ("market-created", 2, 0),
    ("product-changed", 3, 0),
    ("product-deleted", 2, 0),
    ("market-changed", 0, 0),
    ("market-deleted", 0, 0),
    ("user-changed", 0, 0),
    ("unreadable", 0, 1),
];

#[tokio::test]
async fn every_event_has_its_expected_effect() {
    let fixture = Fixture::open().await;
    for (case, term_count, dead_lettered) in EXPECTED {
        match case {
            "product-deleted" => {
                let delete = DeleteProduct { id: id(PRODUCT), by: seller(), expected: None };
                fixture.marketplace.run(delete).await;
            }
            "market-changed" => {
                fixture.marketplace.set_market_status(MARKET, MarketStatus::Closed).await;
            }
            _ => {}
        }
        let BatchResult { failures, calls } =
            fixture.handle(&event_from_file("queue-search-index", case)).await;
        assert!(failures.is_empty(), "{case}: {failures:?}");
        assert_eq!(calls.dead_lettered.len(), dead_lettered, "{case}");
        let terms = fixture.terms().await;
        assert_eq!(terms.len(), term_count, "{case}: {terms:?}");
    }
    assert_all_cases("queue-search-index", EXPECTED.map(|(case, ..)| case));
}
