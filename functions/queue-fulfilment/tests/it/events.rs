//! Every event in `events/queue-fulfilment/`.

use test_support::lambda_event::{cases, of_file};

use super::{Fixture, deliveries, stock};

/// What becomes of the order by each event, in an order in which they happen; and whether the message is buried.
const ENDS: [(&str, &str, usize); 3] =
    [("order-created", "confirmed", 0), ("order-cancelled", "cancelled", 0), ("unreadable", "cancelled", 1)];

#[tokio::test]
async fn every_event_ends_as_its_name_says() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let mut sent = Vec::new();
    for (case, status, buried) in ENDS {
        if case == "order-cancelled" {
            saga.cancel().await;
        }
        let ended = saga.handle(&of_file("queue-fulfilment", case)).await;
        assert!(ended.failures.is_empty(), "{case}: {ended:?}");
        assert_eq!(ended.asked.buried.len(), buried, "{case}");
        assert_eq!(saga.status().await, status, "{case}");
        sent.push(case.to_owned());
    }
    assert_eq!(saga.money(), (1, 0), "what was taken was given back");
    assert_eq!(saga.stock().await, stock(10, 0, 0));
    sent.sort();
    assert_eq!(sent, cases("queue-fulfilment"), "an event is not handled, or does not exist");
}

#[test]
fn an_event_carries_its_name_and_correlation_id_beside_it() {
    let delivery = deliveries(&of_file("queue-fulfilment", "order-created")).remove(0);
    assert_eq!(delivery.attributes["event"], "order.created");
    assert_eq!(delivery.correlation_id.as_deref(), Some("checkout-7f3a"));
    assert_eq!((delivery.receive_count, delivery.queue.as_str()), (1, "agora-fulfilment-queue"));
}
