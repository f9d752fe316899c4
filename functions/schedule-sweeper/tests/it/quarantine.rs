//! Events that cannot be published.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::domain::job::{Job, JobId, JobStatus};
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::command::page::PageRequest;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use shared::repository::dead_letter::DeadLetterList;
use test_support::fixture::{new_id, sales_report};

use super::Fixture;

/// Body that is larger than SQS accepts.
const TOO_LARGE: usize = 300_000;

impl Fixture {
    /// All dead letters.
    async fn dead_letters(&self) -> Vec<DeadLetter> {
        let all = DeadLetterList::default();
        self.marketplace.reader.dead_letters(&all, &PageRequest::first(100)).await.unwrap().items
    }

    /// Queues of all dead letters.
    async fn dead_letter_queues(&self) -> BTreeSet<String> {
        self.dead_letters().await.iter().map(|dead_letter| dead_letter.queue.to_string()).collect()
    }
}

fn names(queues: &[Subscriber]) -> BTreeSet<String> {
    queues.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn damaged_event_is_dead_lettered_and_stops_no_other() {
    let fixture = Fixture::open().await;
    for minutes in [2, 3, 4] {
        fixture.place_unpublished(Duration::from_mins(minutes)).await;
    }
    let damaged = fixture.marketplace.unpublished_events().await.remove(1);
    fixture.marketplace.damage_attribute(&damaged.key(), "eventId").await;
    for _ in 0..2 {
        fixture.tick().await;
        let dead_letters = fixture.dead_letters().await;
        assert_eq!(dead_letters.len(), 3, "one for each queue that subscribes to the event");
        for dead_letter in &dead_letters {
            assert_eq!((&dead_letter.body, dead_letter.status), (&damaged.body, DeadLetterStatus::Dead));
            assert_eq!(dead_letter.reason, "the event in the outbox is damaged");
            assert_eq!(dead_letter.attributes["event"], "order.created");
            assert_eq!(dead_letter.sent_at, damaged.enqueued_at());
        }
    }
    let subscribers = [Subscriber::Fulfilment, Subscriber::Analytics, Subscriber::Emails];
    assert_eq!(fixture.dead_letter_queues().await, names(&subscribers));
    assert_eq!(fixture.queue.receive_all().await.len(), 2);
    for shard in 0..OUTBOX_SHARDS {
        let after = fixture.marketplace.outbox().overdue(shard, SystemClock.now(), None, 10).await.unwrap();
        assert!(after.events.is_empty() && after.damaged.is_empty(), "{after:?}");
    }
}

#[tokio::test]
async fn event_without_a_readable_name_is_kept_for_every_queue() {
    let fixture = Fixture::open().await;
    fixture.place_unpublished(Duration::from_mins(2)).await;
    let damaged = fixture.marketplace.unpublished_events().await.remove(0);
    fixture.marketplace.damage_attribute(&damaged.key(), "event").await;
    fixture.marketplace.damage_attribute(&damaged.key(), "body").await;
    fixture.tick().await;
    assert_eq!(fixture.dead_letter_queues().await.len(), 6);
    for dead_letter in fixture.dead_letters().await {
        for part in [&damaged.pk, &damaged.sk, &damaged.correlation_id] {
            assert!(dead_letter.body.contains(part), "{}", dead_letter.body);
        }
    }
}

#[tokio::test]
async fn rejected_event_is_dead_lettered_and_stops_no_other() {
    let fixture = Fixture::open().await;
    for minutes in [2, 3, 4] {
        fixture.place_unpublished(Duration::from_mins(minutes)).await;
    }
    let rejected = fixture.marketplace.unpublished_events().await.remove(0);
    fixture.marketplace.set_text(&rejected.key(), "body", "x".repeat(TOO_LARGE)).await;
    fixture.tick().await;
    assert_eq!(fixture.queue.receive_all().await.len(), 2);
    assert!(fixture.marketplace.unpublished_events().await.is_empty());
    assert_eq!(fixture.logged_orders().await, 3, "the rejected event is logged, too");
    let reasons: BTreeSet<String> =
        fixture.dead_letters().await.into_iter().map(|dead_letter| dead_letter.reason).collect();
    assert_eq!(reasons, BTreeSet::from(["the queue rejected the message: InvalidParameterValue".to_owned()]));
}

#[tokio::test]
async fn event_one_queue_rejects_and_another_misses_is_dead_lettered() {
    let fixture = Fixture::open().await;
    fixture.place_unpublished(Duration::from_mins(2)).await;
    let rejected = fixture.marketplace.unpublished_events().await.remove(0);
    fixture.marketplace.set_text(&rejected.key(), "body", "x".repeat(TOO_LARGE)).await;
    let deleted_queue = format!("{}-that-was-deleted", fixture.queue.url);
    fixture.tick_publishing_to(&[fixture.queue.url.as_str(), deleted_queue.as_str()]).await;
    assert!(fixture.queue.receive_all().await.is_empty());
    let subscribers = [Subscriber::Fulfilment, Subscriber::Analytics, Subscriber::Emails];
    assert_eq!(fixture.dead_letter_queues().await, names(&subscribers));
    assert!(fixture.marketplace.unpublished_events().await.is_empty());
}

#[tokio::test]
async fn job_of_a_damaged_request_is_dead() {
    let fixture = Fixture::open().await;
    let job_id: JobId = new_id();
    let two_minutes_ago = SystemClock.now().saturating_sub(Duration::from_mins(2));
    fixture.marketplace.run_at(two_minutes_ago, sales_report(job_id)).await;
    let damaged = fixture.marketplace.unpublished_events().await.remove(0);
    fixture.marketplace.damage_attribute(&damaged.key(), "eventId").await;
    fixture.tick().await;
    let job: Job = fixture.marketplace.reader.job(job_id, SystemClock.now()).await.unwrap().unwrap();
    assert_eq!(job.status, JobStatus::Dead);
    assert_eq!(fixture.dead_letter_queues().await, names(&[Subscriber::Reports]));
}
