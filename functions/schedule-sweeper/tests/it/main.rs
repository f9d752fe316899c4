//! What is due by the clock, on an embedded table and queue service.

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
use shared::repository::order::OrderReader;
use shared::repository::product::ProductReader;
use test_support::fixture::{Marketplace, PRODUCT, id, new_id};

/// The function on a table with a market and its product, and a queue that nobody else reads.
struct Fixture {
    scene: Marketplace,
    outbox: Outbox,
    sqs: aws_sdk_sqs::Client,
    queue: String,
}

/// Every event goes to this queue.
#[derive(Debug, Clone)]
struct To(String);

impl EventRouter for To {
    fn queues(&self, _: &str) -> Vec<&str> {
        vec![&self.0]
    }
}

impl Fixture {
    async fn open() -> Self {
        let scene = Marketplace::open().await;
        let sqs = Aws::from_env(&scene.env("schedule-sweeper")).unwrap().sqs();
        let queue = sqs.create_queue().queue_name("heard").send().await.unwrap().queue_url.unwrap();
        let outbox = Outbox::new(scene.table.table());
        let sweep = Self { scene, outbox, sqs, queue };
        // What the scene itself announced is nobody's business here.
        let announced = sweep.unpublished().await;
        sweep.outbox.remove(announced.iter().map(OutboxEvent::key).collect()).await.unwrap();
        sweep
    }

    /// One tick, with time to spare.
    async fn tick(&self) {
        self.tick_until(SystemClock.now().saturating_add(Duration::from_secs(50)), &self.queue).await;
    }

    /// One tick, that publishes to `queue`.
    async fn tick_until(&self, deadline: Timestamp, queue: &str) {
        let (env, reader, outbox) =
            (self.scene.env("schedule-sweeper"), self.scene.reader.clone(), self.outbox.clone());
        let gateway = StripeGateway::from_env(&env).unwrap();
        let books = Reconciliation::from_env(&env, self.scene.store.clone(), gateway).unwrap();
        let relay = Relay::new(outbox.clone(), self.sqs.clone(), To(queue.to_owned()));
        let sweeper = Sweeper::new(reader, outbox, relay, books);
        Box::pin(sweeper.tick(deadline)).await.unwrap();
    }

    /// An order of one piece that was placed an hour ago and may be paid for so long from then.
    async fn waiting(&self, id: OrderId, payment_window: Duration) {
        let an_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
        self.scene.order_of(id, self::id(PRODUCT), 1, None).await;
        self.scene
            .run_at(an_hour_ago, AdvanceOrder { id, by: FulfilmentTransition::Reserve, payment_window })
            .await;
    }

    async fn status(&self, id: OrderId) -> OrderStatus {
        self.scene.reader.order(id).await.unwrap().unwrap().status
    }

    async fn stock(&self) -> Stock {
        self.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }

    /// What is in the outbox.
    async fn unpublished(&self) -> Vec<OutboxEvent> {
        let mut waiting = Vec::new();
        for shard in 0..OUTBOX_SHARDS {
            let later = SystemClock.now().saturating_add(Duration::from_hours(1));
            waiting.extend(self.outbox.overdue(shard, later, 1_000).await.unwrap());
        }
        waiting
    }

    /// How many messages the queue holds.
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

/// The id of a new order.
fn an_order() -> OrderId {
    new_id()
}
