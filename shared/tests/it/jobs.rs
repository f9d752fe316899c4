//! Jobs: stored format of jobs and their output, and the orders that reports read.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::json;
use shared::domain::job::create::CreateJob;
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::job_type::SalesReport;
use shared::domain::job::output::chunk::{Chunk, ChunkKey};
use shared::domain::job::output::cursor::{JobCursor, Section};
use shared::domain::job::{Job, JobRequest, Priority};
use shared::domain::market::create::InitialStatus;
use shared::domain::order::OrderId;
use shared::kit::aws::dynamodb::schema::outbox_partition;
use shared::kit::command::{Store, Version};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::messaging::dead_letter::mark_job_dead::MarkJobDead;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::repository::table_layout::partitions::{due_job_shard, due_jobs};
use test_support::Marketplace;
use test_support::fixture::{MARKET, ORDER, PRODUCT, create_market, id, new_id, sales_report, seller};

use crate::fixture::{Fixture, context, moment};
use crate::stored_format::dead_letter;

const JOB: &str = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS";
const DEAD_LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";

/// Fixture with a market and a report job, scheduled for `run_at`.
async fn with_job(run_at: Option<Timestamp>) -> Fixture {
    let fixture = Fixture::open().await;
    let create = create_market(MARKET, seller(), InitialStatus::Active);
    fixture.run(create).await;
    let request = CreateJob { priority: Some(Priority::High), run_at, ..sales_report(id(JOB)) };
    fixture.run(request).await;
    fixture
}

/// Fixture with a running job that has written one page.
async fn with_running_job() -> Fixture {
    let fixture = with_job(None).await;
    let request = JobRequest { id: id(JOB), version: Version::FIRST };
    fixture.run_later(StartJob { request, delivery: 2, redrive: None }).await;
    let started: Job =
        fixture.store.load(shared::kit::command::ReadSet::get(&id(JOB))).await.unwrap().unwrap();
    let (text, claim) = ("a\r\n".to_owned(), started.claim());
    let cursor = Some(JobCursor::start_of(Section::Orders, None).after(ORDER));
    let page = AdvanceJob { claim, text, rows: 1, cursor, total: Some(9), is_last: false };
    fixture.run_later(page).await;
    fixture
}

#[tokio::test]
async fn job_is_listed_by_owner_and_status_and_has_a_ttl() {
    let fixture = with_running_job().await;
    assert_json_snapshot!("job", fixture.stored::<Job>(&id(JOB)).await);
}

#[tokio::test]
async fn job_output_is_stored_beside_the_job_with_its_ttl() {
    let fixture = with_running_job().await;
    assert_json_snapshot!("job-chunk", fixture.stored::<Chunk>(&ChunkKey { job: id(JOB), number: 1 }).await);
}

#[tokio::test]
async fn job_request_event_is_named_after_its_queue() {
    let fixture = with_job(None).await;
    let mut events = fixture.items_of("outbox-event").await;
    events.retain(|event| event["eventId"] == format!("{JOB}.1"));
    let body: serde_json::Value = serde_json::from_str(events[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&events[0]["pk"], &events[0]["event"]),
        (&json!(outbox_partition(JOB)), &json!("job.requested.high"))
    );
    let data = json!({ "jobId": JOB, "jobType": "sales_report", "priority": "high" });
    assert_eq!((&body["type"], &body["data"]), (&json!("job.requested"), &data));
}

#[tokio::test]
async fn scheduled_job_is_indexed_as_due_without_a_request() {
    let at = moment().saturating_add(Duration::from_hours(24));
    let fixture = with_job(Some(at)).await;
    let stored = fixture.stored::<Job>(&id(JOB)).await;
    assert_eq!(stored["dueShard"], due_jobs(due_job_shard(id(JOB))));
    assert_eq!(
        (&stored["dueAt"], &stored["runAt"], &stored["request"]),
        (&json!(at), &json!(at), &json!(null))
    );
    let events = fixture.items_of("outbox-event").await;
    assert!(events.iter().all(|event| !event["event"].as_str().unwrap().starts_with("job.")));
}

#[tokio::test]
async fn dead_letter_and_dead_job_are_one_commit() {
    let fixture = with_job(None).await;
    let record = RecordDeadLetter { dead_letter: dead_letter(DEAD_LETTER), redriven_from: None };
    let job = Some(JobRequest { id: id(JOB), version: Version::FIRST });
    fixture.requests();
    fixture.run(MarkJobDead { record, job }).await;
    assert_eq!(fixture.requests(), ["BatchGetItem", "TransactWriteItems"]);
    let stored = fixture.stored::<Job>(&id(JOB)).await;
    assert_eq!(
        (&stored["status"], &stored["resumedBy"]),
        (&json!("dead"), &json!(format!("{DEAD_LETTER}.2")))
    );
    assert_eq!(stored["lastError"], "the message cannot be parsed");
    let again =
        RecordDeadLetter { dead_letter: dead_letter(DEAD_LETTER), redriven_from: Some(id(DEAD_LETTER)) };
    let job = Some(JobRequest { id: id(JOB), version: Version::FIRST });
    fixture.store.execute(MarkJobDead { record: again, job }, &context()).await.unwrap();
    assert_eq!(fixture.stored::<Job>(&id(JOB)).await, stored, "a dead job does not change");
}

/// Places orders one after the other.
async fn place_orders(marketplace: &Marketplace, count: usize) -> Vec<OrderId> {
    let mut placed = Vec::new();
    for _ in 0..count {
        placed.push(marketplace.order_of(new_id(), id(PRODUCT), 1, None).await.id);
    }
    placed.sort();
    placed
}

#[tokio::test]
async fn report_reads_each_order_once_at_any_page_size() {
    let marketplace = Marketplace::with_sample_data().await;
    place_orders(&marketplace, 5).await;
    let from = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(from.duration_since(SystemClock.now())).await;
    let within = place_orders(&marketplace, 23).await;
    let to = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(to.duration_since(SystemClock.now())).await;
    place_orders(&marketplace, 5).await;
    let report = SalesReport { market_id: id(MARKET), from: Some(from), to };
    for limit in [1, 2, 7, 22, 23, 24, 100] {
        let (mut read, mut after): (Vec<OrderId>, Option<String>) = (Vec::new(), None);
        loop {
            let page = marketplace.reader.report_orders(&report, after.as_deref(), limit).await.unwrap();
            assert!(page.orders.len() <= usize::try_from(limit).unwrap());
            read.extend(page.orders.iter().map(|order| order.as_ref().unwrap().id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(read, within, "page size {limit}");
        assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), 23);
    }
    assert_eq!(marketplace.reader.count_orders(&report).await.unwrap(), 23);
    let empty = SalesReport { to: Timestamp::from_millis(0), from: None, ..report };
    let page = marketplace.reader.report_orders(&empty, None, 10).await.unwrap();
    assert!(page.next.is_none() && page.orders.is_empty());
}
