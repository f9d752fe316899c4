//! Events that wait to be published.

use std::time::Duration;

use serde_json::json;
use shared::kit::aws::dynamodb::schema::{OUTBOX_SHARDS, outbox_partition, shard_of};
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{Key, Store};

use crate::fixture::{Fixture, cause, moment};
use crate::toy_domain::Save;

/// Fills one jar `count` times, a second apart.
async fn filled(count: u64) -> (Fixture, u32) {
    let ground = Fixture::open().await;
    for second in 0..count {
        let cause = cause().at(moment().saturating_add(Duration::from_secs(second)));
        ground.store.execute(Save::into("a", 1), &cause).await.unwrap();
    }
    ground.requests();
    (ground, shard_of("a", OUTBOX_SHARDS))
}

fn ids(events: &[OutboxEvent]) -> Vec<&str> {
    events.iter().map(|event| event.event_id.as_str()).collect()
}

#[tokio::test]
async fn an_event_lies_in_its_subjects_shard_by_the_time_it_was_decided() {
    let (ground, _) = filled(1).await;
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
    let mut item = ground.items_of("outbox-event").await.remove(0);
    let stored = item.as_object_mut().unwrap().remove("body").unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(stored.as_str().unwrap()).unwrap(), body);
    let expected = json!({
        "pk": outbox_partition("a"),
        "sk": "2027-01-15T08:00:00.000Z#a.1",
        "kind": "outbox-event",
        "eventId": "a.1",
        "event": "jar.filled",
        "correlationId": "a-test",
    });
    assert_eq!(item, expected);
}

#[tokio::test]
async fn what_is_overdue_is_found_oldest_first_and_nothing_else_is_read() {
    let (ground, shard) = filled(5).await;
    let three_seconds_on = moment().saturating_add(Duration::from_secs(3));
    let overdue = ground.outbox.overdue(shard, three_seconds_on, 100).await.unwrap();
    assert_eq!(ids(&overdue), ["a.1", "a.2", "a.3"]);
    assert_eq!(ground.requests(), ["Query"]);
    let limited = ground.outbox.overdue(shard, three_seconds_on, 2).await.unwrap();
    assert_eq!(ids(&limited), ["a.1", "a.2"]);
    assert!(ground.outbox.overdue(shard, moment(), 100).await.unwrap().is_empty());
    for other in (0..OUTBOX_SHARDS).filter(|other| *other != shard) {
        assert!(ground.outbox.overdue(other, three_seconds_on, 100).await.unwrap().is_empty(), "{other}");
    }
}

#[tokio::test]
async fn what_was_published_is_removed_twenty_five_at_a_time() {
    let (ground, shard) = filled(31).await;
    let later = moment().saturating_add(Duration::from_hours(1));
    let overdue = ground.outbox.overdue(shard, later, 100).await.unwrap();
    assert_eq!(overdue.len(), 31);
    ground.requests();
    ground.outbox.remove(overdue[..30].iter().map(OutboxEvent::key).collect()).await.unwrap();
    assert_eq!(ground.requests(), ["BatchWriteItem"; 2]);
    assert_eq!(ids(&ground.outbox.overdue(shard, later, 100).await.unwrap()), ["a.31"]);
    assert_eq!(ground.items_of("jar").await.len(), 1);
}

#[tokio::test]
async fn removing_what_is_gone_changes_nothing() {
    let (ground, _) = filled(1).await;
    let before = ground.items().await;
    ground.outbox.remove(vec![Key { pk: "outbox#00".to_owned(), sk: "gone".to_owned() }]).await.unwrap();
    assert_eq!(ground.items().await, before);
    ground.requests();
    ground.outbox.remove(Vec::new()).await.unwrap();
    assert!(ground.requests().is_empty());
}
