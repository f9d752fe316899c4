//! Published events in the event log.

use shared::kit::aws::dynamodb::Table;
use shared::kit::aws::dynamodb::write::outbox::Outbox;
use shared::kit::queue::relay::{Relay, StreamHandler as _};
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::event_routing::Subscriber;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{ORDER, dead_letter, new_id, seller};
use test_support::request_recorder::client;

use super::{Fixture, Routes, messages, records};

/// Write units of an event in the outbox without the log: its deletion.
const UNITS_OF_REMOVAL: f64 = 1.0;

#[tokio::test]
async fn published_events_are_logged_and_removed_in_two_requests() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(13).await;
    let meter = CapacityMeter::default();
    let outbox = Outbox::new(meter.on(&fixture.marketplace.table));
    let relay = Relay::new(outbox, fixture.marketplace.table.sqs(), Routes::default());
    let events = fixture.unpublished().await;
    assert_eq!(relay.handle(events.clone()).await, [true; 13]);
    let requests = meter.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    let units: f64 = requests.iter().map(|request| request.write_units).sum();
    assert!(units <= 13.0 * (UNITS_OF_REMOVAL + 2.0), "{requests:?}");
    let mut logged = fixture.logged().await;
    let mut expected: Vec<String> = events.iter().map(|event| event.event_id.to_string()).collect();
    logged.sort();
    expected.sort();
    assert_eq!(logged, expected);
}

#[tokio::test]
async fn event_published_again_after_a_crash_is_logged_once() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    let queue = fixture.queue("events").await;
    let routes = Routes([("order.created", vec![queue.url.clone()])].into());
    let (events, sqs) = (fixture.unpublished().await, fixture.marketplace.table.sqs());
    // A relay that is killed between publishing and logging leaves the same state behind.
    let absent = Table::new(client(&fixture.marketplace.table.stack().dynamodb_endpoint(), None), "absent");
    let killed = Relay::new(Outbox::new(absent), sqs, routes.clone());
    assert_eq!(killed.handle(events.clone()).await, [false]);
    assert!(fixture.logged().await.is_empty());
    for _ in 0..2 {
        assert_eq!(fixture.relay(&routes, &records(&events)).await, None);
    }
    assert_eq!(fixture.logged().await, [format!("{ORDER}.1")]);
    let published = messages(&queue).await;
    assert_eq!(published.len(), 3);
    assert!(published.iter().all(|(body, _)| body["id"] == format!("{ORDER}.1")));
}

#[tokio::test]
async fn event_that_a_queue_misses_is_not_logged_yet() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    let events = records(&fixture.unpublished().await);
    let queue = fixture.queue("events").await;
    let routes = Routes([("order.created", vec![format!("{}-that-was-deleted", queue.url)])].into());
    assert_eq!(fixture.relay(&routes, &events).await.as_deref(), Some("1"));
    assert!(fixture.logged().await.is_empty());
}

#[tokio::test]
async fn redriven_message_is_not_logged_again() {
    let fixture = Fixture::open().await;
    let dead_letter = dead_letter(new_id(), Subscriber::Fulfilment);
    let id = dead_letter.id;
    fixture.marketplace.run(RecordDeadLetter { dead_letter, redriven_from: None }).await;
    fixture.marketplace.run(RedriveDeadLetter { id, by: seller().user }).await;
    let unpublished = fixture.unpublished().await;
    assert_eq!(unpublished.len(), 1);
    assert_eq!(fixture.relay(&Routes::default(), &records(&unpublished)).await, None);
    assert_eq!(fixture.logged().await, [format!("{id}.1")], "the record of the dead letter, not its redrive");
}
