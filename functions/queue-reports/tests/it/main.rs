//! Integration tests of `queue-reports`: SQS messages handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod deletion;
mod events;
mod export;
mod pages;
mod policy;
mod reindex;

use std::time::Duration;

use queue_reports::Reports;
use serde_json::{Value, json};
use shared::domain::job::create::{CreateJob, RequestedWork};
use shared::domain::job::output::chunk::{Part, chunk_keys};
use shared::domain::job::{Job, JobId};
use shared::domain::order::Order;
use shared::domain::user::{Role, User, UserEvent, UserId};
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::repository::user::UserReader;
use shared::search::{Embedder, HashingEmbedder};
use test_support::fixture::{MARKET, Marketplace, id, sales_report, seller};
use test_support::lambda_event::sqs_record;
use test_support::queue_function::{self, BatchResult};

/// Id of the job in the events under `events/`.
const JOB: &str = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// The function on a marketplace.
struct Fixture {
    marketplace: Marketplace,
    /// Page size in orders.
    page_size: &'static str,
    /// Time slice in seconds.
    time_slice: &'static str,
}

impl Fixture {
    async fn open(page_size: &'static str, time_slice: &'static str) -> Self {
        Self { marketplace: Marketplace::with_sample_data().await, page_size, time_slice }
    }

    /// Requests a report of a period as the seller.
    async fn request_report(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> JobId {
        self.create_job(seller(), from, to).await
    }

    /// Requests a report of all orders as `by`.
    async fn request_report_as(&self, by: Actor) -> JobId {
        self.create_job(by, None, None).await
    }

    async fn create_job(&self, by: Actor, from: Option<Timestamp>, to: Option<Timestamp>) -> JobId {
        let work = RequestedWork::SalesReport { market_id: id(MARKET), from, to };
        let request = CreateJob { by, reads_any: true, work, ..sales_report(id(JOB)) };
        // Later than the orders placed just before.
        self.marketplace.run_at(SystemClock.now().saturating_add(Duration::from_secs(1)), request).await.id
    }

    /// Handles an SQS event with the given reader.
    async fn handle_on(&self, reader: DynamoReader, event: &Value) -> BatchResult {
        self.handle_with_adapters(self.marketplace.store.clone(), reader, HashingEmbedder, event).await
    }

    /// Handles an SQS event with the given embedder.
    async fn handle_with(&self, embedder: impl Embedder, event: &Value) -> BatchResult {
        let Marketplace { store, reader, .. } = &self.marketplace;
        self.handle_with_adapters(store.clone(), reader.clone(), embedder, event).await
    }

    /// Handles an SQS event with the given store, reader and embedder.
    async fn handle_with_adapters(
        &self,
        store: DynamoStore,
        reader: DynamoReader,
        embedder: impl Embedder,
        event: &Value,
    ) -> BatchResult {
        let env = self.marketplace.env("queue-reports");
        let env = env.with("AGORA_REPORT_PAGE_SIZE", self.page_size);
        let env = env.with("AGORA_REPORT_TIME_SLICE_SECONDS", self.time_slice);
        let reports = Reports::from_env(&env, store, reader, embedder).unwrap();
        queue_function::handle(&reports.into_handler(), event).await
    }

    async fn handle(&self, event: &Value) -> BatchResult {
        self.handle_on(self.marketplace.reader.clone(), event).await
    }

    /// Handles the message of the job's first request.
    async fn handle_request(&self) -> BatchResult {
        self.handle(&message(1)).await
    }

    /// Gives an account the role of a user.
    async fn demote(&self, user: UserId) {
        let former = self.marketplace.reader.user(user).await.unwrap().unwrap();
        let event = UserEvent::Registered { user_id: former.id };
        let demoted = User { role: Role::User, version: former.version.next(), ..former };
        self.marketplace.put_entity(demoted, event).await;
    }

    async fn job(&self) -> Job {
        self.marketplace.reader.job(id(JOB), SystemClock.now()).await.unwrap().unwrap()
    }

    /// The text that the job has written so far.
    async fn text(&self) -> String {
        let job = self.job().await;
        let places: Vec<_> = chunk_keys(job.id, Part::FIRST, job.output.chunks).collect();
        let chunks = self.marketplace.reader.chunks(&places).await.unwrap();
        chunks.into_iter().map(|chunk| chunk.unwrap().text).collect()
    }
}

/// Message of the job's first request, with this receive count.
fn message(delivery: u32) -> Value {
    let data = json!({ "jobId": JOB, "jobType": "sales_report", "priority": "normal" });
    let mut record = sqs_record("agora-reports-queue", "job.requested", JOB, &data);
    record["attributes"]["ApproximateReceiveCount"] = json!(delivery.to_string());
    json!({ "Records": [record] })
}

/// The expected report of these unpaid orders.
fn report(orders: &[Order]) -> String {
    let row = |order: &Order| {
        let (id, at, status, buyer) = (order.id, order.created_at, order.status, order.buyer_id);
        format!("{id},{at},{status},{buyer},item,MUG-1,Mug,1,1999,0,0,1999,0,0,0,0,EUR\r\n")
    };
    let header = "orderId,createdAt,status,buyerId,line,code,title,quantity,net,tax,taxBasisPoints,gross,\
                  refundedQuantity,refundedNet,refundedTax,refundedGross,currency\r\n";
    std::iter::once(header.to_owned()).chain(orders.iter().map(row)).collect()
}
