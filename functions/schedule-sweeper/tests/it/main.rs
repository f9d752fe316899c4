//! Integration tests of `schedule-sweeper` on an embedded table and queue service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod events;
mod expiry;
mod jobs;
mod missed_events;
mod quarantine;
mod reconciliation;
mod refund_checks;
mod unfinished;

use std::time::Duration;

use schedule_sweeper::Sweeper;
use schedule_sweeper::reconciliation::Reconciliation;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::{OrderId, OrderStatus};
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::runtime::ScheduleHandler;
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::StripeGateway;
use test_support::fixture::{Marketplace, PRODUCT, id, new_id};
use test_support::test_queue::TestQueue;

/// The function on a marketplace, with a queue that only the test reads.
struct Fixture {
    marketplace: Marketplace,
    queue: TestQueue,
}

/// Routes every event to these queues.
#[derive(Debug, Clone)]
struct Queues(Vec<String>);

impl EventRouter for Queues {
    fn queues(&self, _: &str) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let queue = TestQueue::create(&marketplace.table, "events").await;
        // The tests do not need the events of the marketplace itself.
        marketplace.clear_outbox().await;
        Self { marketplace, queue }
    }

    /// Runs a tick with a distant deadline.
    async fn tick(&self) {
        self.tick_publishing_to(&[self.queue.url.as_str()]).await;
    }

    /// Runs a tick with a distant deadline that publishes to `queues`.
    async fn tick_publishing_to(&self, queues: &[&str]) {
        self.tick_until(SystemClock.now().saturating_add(Duration::from_secs(50)), queues).await;
    }

    /// Runs a tick that publishes to `queues`.
    async fn tick_until(&self, deadline: Timestamp, queues: &[&str]) {
        let (env, outbox) = (self.marketplace.env("schedule-sweeper"), self.marketplace.outbox());
        let gateway = StripeGateway::from_env(&env).unwrap();
        let reconciliation = Reconciliation::from_env(&env, self.marketplace.store.clone(), gateway).unwrap();
        let queues = Queues(queues.iter().map(|queue| (*queue).to_owned()).collect());
        let relay = Relay::new(outbox.clone(), self.marketplace.table.sqs(), queues);
        let sweeper = Sweeper::new(self.marketplace.reader.clone(), outbox, relay, reconciliation);
        Box::pin(sweeper.tick(deadline)).await.unwrap();
    }

    /// Places an order of one unit whose payment window started one hour ago.
    async fn place_awaiting_payment(&self, id: OrderId, payment_window: Duration) {
        let one_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
        self.marketplace.order_of(id, self::id(PRODUCT), 1, None).await;
        self.marketplace
            .run_at(one_hour_ago, AdvanceOrder { id, by: FulfilmentTransition::Reserve, payment_window })
            .await;
    }

    async fn status(&self, id: OrderId) -> OrderStatus {
        self.marketplace.stored_order(id).await.status
    }
}

fn new_order_id() -> OrderId {
    new_id()
}
