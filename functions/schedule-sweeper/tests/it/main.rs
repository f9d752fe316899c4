//! Integration tests of `schedule-sweeper` on an embedded table and queue service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod expiry;
mod jobs;
mod missed_events;
mod reconciliation;

use std::time::Duration;

use schedule_sweeper::Sweeper;
use schedule_sweeper::reconciliation::Reconciliation;
use shared::domain::order::fulfilment::advance::{AdvanceOrder, FulfilmentTransition};
use shared::domain::order::{OrderId, OrderStatus};
use shared::domain::product::Stock;
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::runtime::ScheduleHandler;
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::StripeGateway;
use shared::repository::product::ProductReader;
use test_support::fixture::{Marketplace, PRODUCT, id, new_id};

/// The function on a marketplace, with a queue that only the test reads.
struct Fixture {
    marketplace: Marketplace,
    outbox: Outbox,
    sqs: aws_sdk_sqs::Client,
    queue: String,
}

/// Routes every event to one queue.
#[derive(Debug, Clone)]
struct SingleQueue(String);

impl EventRouter for SingleQueue {
    fn queues(&self, _: &str) -> Vec<&str> {
        vec![&self.0]
    }
}

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let sqs = Aws::from_env(&marketplace.env("schedule-sweeper")).unwrap().sqs();
        let queue = sqs.create_queue().queue_name("events").send().await.unwrap().queue_url.unwrap();
        let outbox = Outbox::new(marketplace.table.table());
        let fixture = Self { marketplace, outbox, sqs, queue };
        // The tests do not need the events of the marketplace itself.
        let initial = fixture.unpublished().await;
        fixture.outbox.remove(initial.iter().map(OutboxEvent::key).collect()).await.unwrap();
        fixture
    }

    /// Runs a tick with a distant deadline.
    async fn tick(&self) {
        self.tick_until(SystemClock.now().saturating_add(Duration::from_secs(50)), &self.queue).await;
    }

    /// Runs a tick that publishes to `queue`.
    async fn tick_until(&self, deadline: Timestamp, queue: &str) {
        let (env, reader, outbox) =
            (self.marketplace.env("schedule-sweeper"), self.marketplace.reader.clone(), self.outbox.clone());
        let gateway = StripeGateway::from_env(&env).unwrap();
        let reconciliation = Reconciliation::from_env(&env, self.marketplace.store.clone(), gateway).unwrap();
        let relay = Relay::new(outbox.clone(), self.sqs.clone(), SingleQueue(queue.to_owned()));
        let sweeper = Sweeper::new(reader, outbox, relay, reconciliation);
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
        self.marketplace.reader.order(id).await.unwrap().unwrap().status
    }

    async fn stock(&self) -> Stock {
        self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }

    /// The events in the outbox.
    async fn unpublished(&self) -> Vec<OutboxEvent> {
        let mut events = Vec::new();
        for shard in 0..OUTBOX_SHARDS {
            let later = SystemClock.now().saturating_add(Duration::from_hours(1));
            events.extend(self.outbox.overdue(shard, later, 1_000).await.unwrap());
        }
        events
    }

    /// Receives all messages of the queue and returns their number.
    async fn published(&self) -> usize {
        let mut count = 0;
        loop {
            let receive = self.sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10);
            match receive.send().await.unwrap().messages.unwrap_or_default().len() {
                0 => return count,
                received => count += received,
            }
        }
    }
}

fn stock(available: i64, reserved: i64) -> Stock {
    Stock { available, reserved, sold: 0 }
}

fn new_order_id() -> OrderId {
    new_id()
}
