//! Resuming of orders and jobs that have stopped.

use std::time::Duration;

use shared::domain::job::{Job, JobId, JobStatus};
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::{Order, OrderId};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::event_routing::{Subscriber, subscribers};
use test_support::fixture::{ORDER, PRODUCT, dead_letter, id, new_id, sales_report, seller};

use super::{Fixture, new_order_id};

fn ago(minutes: u64) -> Timestamp {
    SystemClock.now().saturating_sub(Duration::from_mins(minutes))
}

impl Fixture {
    /// Places an order whose event is lost.
    async fn place_and_lose_event(&self, id: OrderId, minutes_ago: u64) -> Order {
        let order = self.marketplace.order_at(ago(minutes_ago), id, Some("pm_card_visa")).await;
        self.marketplace.clear_outbox().await;
        order
    }

    /// Ids of the unpublished events with this name.
    async fn events(&self, name: &str) -> Vec<String> {
        let events = self.marketplace.unpublished_events().await.into_iter();
        events.filter(|event| event.event == name).map(|event| event.event_id.to_string()).collect()
    }
}

#[tokio::test]
async fn order_that_stopped_is_resumed_once() {
    let fixture = Fixture::open().await;
    let (stopped, recent) = (new_order_id(), new_order_id());
    let before = fixture.place_and_lose_event(stopped, 20).await;
    fixture.place_and_lose_event(recent, 10).await;
    for _ in 0..2 {
        fixture.tick().await;
        assert_eq!(fixture.events("order.resumed").await, [format!("{stopped}.2")]);
    }
    let after = fixture.marketplace.stored_order(stopped).await;
    assert!(after.resumed_at.is_some_and(|at| at > before.updated_at));
    let expected = Order {
        version: before.version.next(),
        resumed_at: after.resumed_at,
        updated_at: after.updated_at,
        ..before
    };
    assert_eq!(after, expected);
    assert_eq!(subscribers("order.resumed"), [Subscriber::Fulfilment]);
}

#[tokio::test]
async fn order_that_waits_or_has_finished_is_not_resumed() {
    let fixture = Fixture::open().await;
    fixture.place_awaiting_payment(new_order_id(), Duration::from_hours(2)).await;
    let rejected = fixture.place_and_lose_event(id(ORDER), 60).await;
    fixture.marketplace.advance_order(rejected.id, FulfilmentTransition::OutOfStock(id(PRODUCT))).await;
    fixture.tick().await;
    assert!(fixture.events("order.resumed").await.is_empty());
}

#[tokio::test]
async fn order_is_resumed_once_its_dead_letter_is_redriven() {
    let fixture = Fixture::open().await;
    let (held, other) = (new_order_id(), new_order_id());
    for order in [held, other] {
        fixture.place_and_lose_event(order, 60).await;
    }
    let body = format!(r#"{{"id":"{held}.1","subject":"{held}"}}"#);
    let dead_letter = DeadLetter { body, ..dead_letter(new_id(), Subscriber::Fulfilment) };
    let dead_letter_id = dead_letter.id;
    fixture.marketplace.run(RecordDeadLetter { dead_letter, redriven_from: None }).await;
    fixture.tick().await;
    assert_eq!(fixture.events("order.resumed").await, [format!("{other}.2")]);
    fixture.marketplace.run(RedriveDeadLetter { id: dead_letter_id, by: seller().user }).await;
    fixture.tick().await;
    assert_eq!(fixture.events("order.resumed").await.len(), 2);
}

#[tokio::test]
async fn job_that_stopped_is_requested_again() {
    let fixture = Fixture::open().await;
    let (stopped, recent): (JobId, JobId) = (new_id(), new_id());
    fixture.marketplace.run_at(ago(20), sales_report(stopped)).await;
    fixture.marketplace.run_at(ago(10), sales_report(recent)).await;
    fixture.marketplace.clear_outbox().await;
    for _ in 0..2 {
        fixture.tick().await;
        assert_eq!(fixture.events("job.requested").await, [format!("{stopped}.2")]);
    }
    let job: Job = fixture.marketplace.reader.job(stopped, SystemClock.now()).await.unwrap().unwrap();
    assert_eq!((job.status, job.request), (JobStatus::Queued, Some(job.version)));
}
