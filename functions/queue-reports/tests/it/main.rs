//! Reports behind their queues: messages of SQS, handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod events;
mod pages;

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use queue_reports::Reports;
use serde_json::{Value, json};
use shared::domain::job::create::CreateJob;
use shared::domain::job::output::chunk::{Part, places};
use shared::domain::job::{Job, JobId, Priority};
use shared::domain::order::Order;
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::repository::job::JobReader;
use test_support::fixture::{MARKET, Marketplace, PRODUCT, id, new_id, seller};
use test_support::lambda_event::of_message;
use test_support::recording_queue::{RecordedCalls, RecordingQueue};

/// The job that the events under `events/` name.
const JOB: &str = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// The function on a table with people, a market and its product.
struct Fixture {
    scene: Marketplace,
    /// How many orders are read at once, and for how many seconds.
    page: &'static str,
    stretch: &'static str,
}

/// How a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    /// Whether it comes back.
    comes_back: bool,
    asked: RecordedCalls,
}

impl Ended {
    fn is_done(&self) -> bool {
        !self.comes_back && self.asked == RecordedCalls::default()
    }

    /// Whether it goes on in another invocation, at once.
    fn is_handed_over(&self) -> bool {
        matches!(self.asked.postponed.as_slice(), [(_, Duration::ZERO)]) && !self.comes_back
    }

    /// Why it is dead.
    fn dead(&self) -> &str {
        let [(_, reason)] = self.asked.buried.as_slice() else { panic!("{self:?}") };
        reason
    }
}

impl Fixture {
    async fn open(page: &'static str, stretch: &'static str) -> Self {
        Self { scene: Marketplace::open().await, page, stretch }
    }

    /// A report of the seller's, of the market's orders of a period.
    async fn requested(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> JobId {
        self.asked_for(seller(), (from, to)).await
    }

    /// A report of all orders, for somebody who may read any.
    async fn requested_by(&self, by: Actor) -> JobId {
        self.asked_for(by, (None, None)).await
    }

    async fn asked_for(&self, by: Actor, (from, to): (Option<Timestamp>, Option<Timestamp>)) -> JobId {
        let request = CreateJob {
            id: id(JOB),
            by,
            reads_any: true,
            market_id: id(MARKET),
            from,
            to,
            priority: Priority::Normal,
            run_at: None,
            retention: "7".parse().unwrap(),
        };
        // A moment later than what was ordered just now.
        self.scene.run_at(SystemClock.now().saturating_add(Duration::from_secs(1)), request).await.id
    }

    /// So many orders of one mug.
    async fn sold(&self, count: usize) -> Vec<Order> {
        let mut orders = Vec::new();
        for _ in 0..count {
            orders.push(self.scene.order_of(new_id(), id(PRODUCT), 1, None).await);
        }
        orders.sort_by_key(|order| order.id);
        orders
    }

    /// Handles an event of AWS on a table that may be another one.
    async fn handle_on(&self, reader: DynamoReader, event: &Value) -> Ended {
        let env = self.scene.env("queue-reports");
        let env = env.with("AGORA_REPORT_PAGE_SIZE", self.page);
        let env = env.with("AGORA_REPORT_TIME_SLICE_SECONDS", self.stretch);
        let handler = Reports::from_env(&env, self.scene.store.clone(), reader).unwrap().into_handler();
        let (queue, deadline) =
            (RecordingQueue::default(), SystemClock.now().saturating_add(Duration::from_secs(29)));
        let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
        let batch: Vec<Delivery> = event.records.into_iter().map(Delivery::from).collect();
        let chance = (&SystemClock, &SystemEntropy);
        let response = Box::pin(consume(&handler, &queue, batch, deadline, chance)).await;
        Ended { comes_back: !response.batch_item_failures.is_empty(), asked: queue.asked() }
    }

    async fn handle(&self, event: &Value) -> Ended {
        self.handle_on(self.scene.reader.clone(), event).await
    }

    /// Handles the message of the job's first request.
    async fn hear(&self) -> Ended {
        self.handle(&message(1)).await
    }

    async fn job(&self) -> Job {
        self.scene.reader.job(id(JOB), SystemClock.now()).await.unwrap().unwrap()
    }

    /// What the job has written so far.
    async fn text(&self) -> String {
        let job = self.job().await;
        let places: Vec<_> = places(job.id, Part::FIRST, job.written.chunks).collect();
        let chunks = self.scene.reader.chunks(&places).await.unwrap();
        chunks.into_iter().map(|chunk| chunk.unwrap().text).collect()
    }
}

/// The message of the job's first request, at its nth delivery.
fn message(delivery: u32) -> Value {
    let data = json!({ "jobId": JOB, "jobType": "sales_report", "priority": "normal" });
    let mut record = of_message("agora-reports-queue", "job.requested", JOB, &data);
    record["attributes"]["ApproximateReceiveCount"] = json!(delivery.to_string());
    json!({ "Records": [record] })
}

/// The report of these orders, none of which was paid.
fn report(orders: &[Order]) -> String {
    let row = |order: &Order| {
        let (id, at, status, buyer) = (order.id, order.created_at, order.status.as_str(), order.buyer_id);
        format!("{id},{at},{status},{buyer},1,1999,0,EUR\r\n")
    };
    let heading = "orderId,createdAt,status,buyerId,items,total,refunded,currency\r\n";
    std::iter::once(heading.to_owned()).chain(orders.iter().map(row)).collect()
}
