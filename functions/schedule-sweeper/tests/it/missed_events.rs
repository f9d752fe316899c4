//! Publishing of events that the stream missed.

use std::time::Duration;

use shared::domain::order::OrderStatus;
use shared::kit::aws::dynamodb::read::event_log::EventList;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::kit::telemetry::catalogue::OUTBOX_BACKLOG_AGE;
use shared::kit::telemetry::metrics::REGISTRY;

use test_support::fixture::MARKET;

use super::{Fixture, new_order_id};

impl Fixture {
    /// Places an order in the past, whose event is not published.
    pub(super) async fn place_unpublished(&self, age: Duration) {
        self.marketplace.order_at(SystemClock.now().saturating_sub(age), new_order_id(), None).await;
    }

    /// Number of events of new orders in the log.
    pub(super) async fn logged_orders(&self) -> usize {
        let list = EventList {
            scope: Some(MARKET.to_owned()),
            event_type: Some("order.created".to_owned()),
            ..EventList::default()
        };
        let reader = &self.marketplace.reader;
        reader.logged_events(&list, SystemClock.now(), &PageRequest::first(100)).await.unwrap().items.len()
    }
}

#[tokio::test]
async fn events_older_than_a_minute_are_published_and_removed() {
    let fixture = Fixture::open().await;
    for minutes in [2, 10] {
        fixture.place_unpublished(Duration::from_mins(minutes)).await;
    }
    fixture.place_unpublished(Duration::from_secs(20)).await;
    fixture.tick().await;
    assert_eq!(fixture.queue.receive_all().await.len(), 2);
    assert_eq!(
        fixture.marketplace.unpublished_events().await.len(),
        1,
        "recent events are left to the stream"
    );
    assert_eq!(fixture.logged_orders().await, 2);
}

#[tokio::test]
async fn unpublishable_events_stay_and_block_nothing_else() {
    let fixture = Fixture::open().await;
    let late = new_order_id();
    fixture.place_awaiting_payment(late, Duration::from_mins(30)).await;
    fixture.place_unpublished(Duration::from_mins(2)).await;
    let before = fixture.marketplace.unpublished_events().await.len();
    let deleted_queue = format!("{}-that-was-deleted", fixture.queue.url);
    fixture.tick_publishing_to(&[deleted_queue.as_str()]).await;
    assert_eq!(fixture.marketplace.unpublished_events().await.len(), before + 1, "the expiry adds an event");
    assert_eq!(fixture.status(late).await, OrderStatus::Expired);
    fixture.tick().await;
    assert_eq!(fixture.queue.receive_all().await.len(), 2, "the created and the reserved order");
}

#[tokio::test]
async fn tick_without_time_publishes_nothing_and_reports_its_backlog() {
    let fixture = Fixture::open().await;
    fixture.place_unpublished(Duration::from_mins(2)).await;
    fixture.tick_until(SystemClock.now(), &[fixture.queue.url.as_str()]).await;
    let recorded = REGISTRY.take();
    let ages = recorded.values().filter_map(|metrics| metrics.get(OUTBOX_BACKLOG_AGE.name));
    assert!(ages.flat_map(|age| &age.values).any(|age| *age >= 120_000.0), "{recorded:?}");
    assert_eq!(
        (fixture.queue.receive_all().await.len(), fixture.marketplace.unpublished_events().await.len()),
        (0, 1)
    );
}
