//! Every event in `events/queue-fulfilment/`.

use test_support::fixture::stock;
use test_support::lambda_event::{assert_all_cases, event_from_file};
use test_support::queue_function::deliveries;

use super::Fixture;

/// The events in the sequence in which they happen, the status of the order afterwards, and the number of
/// messages dead-lettered.
const EXPECTED: [(&str, &str, usize); 4] = [
    ("order-created", "confirmed", 0),
    ("order-cancelled", "cancelled", 0),
    ("unreadable", "cancelled", 1),
    ("user-changed", "cancelled", 0),
];

#[tokio::test]
async fn every_event_has_its_expected_effect() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    for (case, status, dead_lettered) in EXPECTED {
        if case == "order-cancelled" {
            fixture.cancel().await;
        }
        let result = fixture.handle(&event_from_file("queue-fulfilment", case)).await;
        assert!(result.failures.is_empty(), "{case}: {result:?}");
        assert_eq!(result.calls.dead_lettered.len(), dead_lettered, "{case}");
        assert_eq!(fixture.status().await, status, "{case}");
    }
    assert_eq!(fixture.money(), (1, 0), "the captured amount was refunded");
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
    assert_all_cases("queue-fulfilment", EXPECTED.map(|(case, ..)| case));
}

#[test]
fn event_name_and_correlation_id_are_message_attributes() {
    let delivery = deliveries(&event_from_file("queue-fulfilment", "order-created")).remove(0);
    assert_eq!(delivery.attributes["event"], "order.created");
    assert_eq!(delivery.correlation_id.as_deref(), Some("checkout-7f3a"));
    assert_eq!((delivery.receive_count, delivery.queue.as_str()), (1, "agora-fulfilment-queue"));
}
