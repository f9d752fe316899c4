//! Every event in `events/queue-analytics/`.

use test_support::fixture::{ORDER, id};
use test_support::lambda_event::{assert_all_cases, event_from_file};
use test_support::queue_function::BatchResult;

use super::Fixture;

/// The events in the sequence in which they happen, the number of non-empty lists afterwards, and the number
/// of messages dead-lettered. An order is in four lists: those of its buyer and of its market, each in total
/// and by status.
const EXPECTED: [(&str, usize, usize); 7] = [
    ("user-registered", 1, 0),
    ("product-changed", 2, 0),
    ("market-created", 3, 0),
    ("order-created", 7, 0),
    ("order-confirmed", 7, 0),
    ("market-deleted", 6, 0),
    ("unreadable", 6, 1),
];

#[tokio::test]
async fn every_event_has_its_expected_effect() {
    let fixture = Fixture::open().await;
    let mut has_order = false;
    for (case, lists, dead_lettered) in EXPECTED {
        match case {
            "order-created" => drop(fixture.marketplace.order(Some("pm_card_visa")).await),
            "order-confirmed" => fixture.pay(id(ORDER)).await,
            "market-deleted" => fixture.marketplace.delete_market().await,
            _ => {}
        }
        let BatchResult { failures, calls } = fixture.handle(&event_from_file("queue-analytics", case)).await;
        assert!(failures.is_empty(), "{case}: {failures:?}");
        assert_eq!(calls.dead_lettered.len(), dead_lettered, "{case}");
        let (counted, _) = fixture.counts().await;
        assert_eq!(counted.lists.len(), lists, "{case}: {counted:?}");
        assert_eq!(counted.days.len(), usize::from(has_order), "{case}");
        has_order |= case == "order-created";
    }
    assert_all_cases("queue-analytics", EXPECTED.map(|(case, ..)| case));
}
