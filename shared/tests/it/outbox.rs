//! Unpublished events in the outbox.

use std::time::Duration;

use serde_json::json;
use shared::kit::aws::dynamodb::schema::{OUTBOX_SHARDS, outbox_partition};
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{Key, Store};
use shared::kit::system::clock::Timestamp;
use shared::kit::system::shard::shard_of;

use crate::fixture::{Fixture, context, moment};
use crate::toy_domain::Save;

/// Fills one jar `count` times, one second apart.
async fn with_events(count: u64) -> (Fixture, u32) {
    let fixture = Fixture::open().await;
    for second in 0..count {
        let context = context().at(moment().saturating_add(Duration::from_secs(second)));
        fixture.store.execute(Save::into("a", 1), &context).await.unwrap();
    }
    fixture.requests();
    (fixture, shard_of("a", OUTBOX_SHARDS))
}

impl Fixture {
    /// The first overdue events of a shard.
    async fn overdue(&self, shard: u32, deadline: Timestamp, limit: u32) -> Vec<OutboxEvent> {
        let page = self.outbox.overdue(shard, deadline, None, limit).await.unwrap();
        assert!(page.damaged.is_empty(), "{page:?}");
        page.events
    }
}

fn ids(events: &[OutboxEvent]) -> Vec<&str> {
    events.iter().map(|event| event.event_id.as_str()).collect()
}

#[tokio::test]
async fn event_is_stored_in_the_shard_of_its_subject_by_time() {
    let (fixture, _) = with_events(1).await;
    let body = json!({
        "id": "a.1",
        "schema": 1,
        "subject": "a",
        "sequence": 1,
        "occurredAt": "2027-01-15T08:00:00.000Z",
        "correlationId": "a-test",
        "type": "jar.filled",
        "data": { "coins": 1 },
    });
    let mut item = fixture.items_of("outbox-event").await.remove(0);
    let stored = item.as_object_mut().unwrap().remove("body").unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(stored.as_str().unwrap()).unwrap(), body);
    let expected = json!({
        "pk": outbox_partition("a"),
        "sk": "2027-01-15T08:00:00.000Z#a.1",
        "kind": "outbox-event",
        "eventId": "a.1",
        "event": "jar.filled",
        "correlationId": "a-test",
        "scope": "platform",
    });
    assert_eq!(item, expected);
}

#[tokio::test]
async fn overdue_events_are_listed_oldest_first() {
    let (fixture, shard) = with_events(5).await;
    let three_seconds_later = moment().saturating_add(Duration::from_secs(3));
    let overdue = fixture.overdue(shard, three_seconds_later, 100).await;
    assert_eq!(ids(&overdue), ["a.1", "a.2", "a.3"]);
    assert_eq!(fixture.requests(), ["Query"]);
    let limited = fixture.overdue(shard, three_seconds_later, 2).await;
    assert_eq!(ids(&limited), ["a.1", "a.2"]);
    assert!(fixture.overdue(shard, moment(), 100).await.is_empty());
    for other in (0..OUTBOX_SHARDS).filter(|other| *other != shard) {
        assert!(fixture.overdue(other, three_seconds_later, 100).await.is_empty(), "{other}");
    }
}

#[tokio::test]
async fn events_are_removed_in_batches_of_twenty_five() {
    let (fixture, shard) = with_events(31).await;
    let later = moment().saturating_add(Duration::from_hours(1));
    let overdue = fixture.overdue(shard, later, 100).await;
    assert_eq!(overdue.len(), 31);
    fixture.requests();
    fixture.outbox.remove(overdue[..30].iter().map(OutboxEvent::key).collect()).await.unwrap();
    assert_eq!(fixture.requests(), ["BatchWriteItem"; 2]);
    assert_eq!(ids(&fixture.overdue(shard, later, 100).await), ["a.31"]);
    assert_eq!(fixture.items_of("jar").await.len(), 1);
}

#[tokio::test]
async fn removing_an_absent_event_changes_nothing() {
    let (fixture, _) = with_events(1).await;
    let before = fixture.items().await;
    fixture.outbox.remove(vec![Key { pk: "outbox#00".to_owned(), sk: "absent".to_owned() }]).await.unwrap();
    assert_eq!(fixture.items().await, before);
    fixture.requests();
    fixture.outbox.remove(Vec::new()).await.unwrap();
    assert!(fixture.requests().is_empty());
}
