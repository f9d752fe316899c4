//! Jobs in the table: how they and what they write lie there, and what reports read.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use shared::domain::job::create::CreateJob;
use shared::domain::job::execution::advance::AdvanceJob;
use shared::domain::job::execution::start::StartJob;
use shared::domain::job::job_type::SalesReport;
use shared::domain::job::output::chunk::{Chunk, ChunkKey};
use shared::domain::job::{Job, JobRequest, Priority};
use shared::domain::market::create::{CreateMarket, InitialStatus};
use shared::domain::order::OrderId;
use shared::kit::aws::dynamodb::schema::outbox_partition;
use shared::kit::command::{Store, Version};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::messaging::dead_letter::mark_job_dead::MarkJobDead;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::repository::order::market_orders::MarketOrdersReader;
use shared::repository::table_layout::partitions::{due_job_shard, due_jobs};
use test_support::Marketplace;
use test_support::fixture::{MARKET, ORDER, PRODUCT, SELLER, id, new_id, seller};

use crate::fixture::{Fixture, cause, moment};
use crate::stored_format::{AT, dead_letter};

const JOB: &str = "job_01J8Z3K5V0ABCDEFGHJKMNPQRS";
const LETTER: &str = "dlt_01J8Z3K5V0ABCDEFGHJKMNPQRS";
/// A second after [`AT`].
const LATER: &str = "2027-01-15T08:00:01.000Z";
/// Seven days after that.
const KEPT: &str = "2027-01-22T08:00:01.000Z";

/// A table with a market, and a report of it that was asked for, perhaps for later.
async fn requested(run_at: Option<Timestamp>) -> Fixture {
    let ground = Fixture::open().await;
    let opened = CreateMarket {
        id: id(MARKET),
        by: seller(),
        name: "Mugs and more".parse().unwrap(),
        description: None,
        currency: "EUR".parse().unwrap(),
        status: InitialStatus::Active,
        products: Vec::new(),
    };
    ground.run(opened).await;
    let request = CreateJob {
        id: id(JOB),
        by: seller(),
        reads_any: false,
        market_id: id(MARKET),
        from: None,
        to: None,
        priority: Priority::High,
        run_at,
        retention: "7".parse().unwrap(),
    };
    ground.run(request).await;
    ground
}

/// The same, once somebody has taken the report up and kept a page of it.
async fn under_way() -> Fixture {
    let ground = requested(None).await;
    let request = JobRequest { id: id(JOB), version: Version::FIRST };
    ground.run_later(StartJob { request, delivery: 2, redrive: None }).await;
    let started: Job =
        ground.store.load(shared::kit::command::ReadSet::get(&id(JOB))).await.unwrap().unwrap();
    let (text, after) = ("a\r\n".to_owned(), Some(id(ORDER)));
    let page = AdvanceJob { held: started.held(), text, rows: 1, after, total: 9, is_last: false };
    ground.run_later(page).await;
    ground
}

#[tokio::test]
async fn a_job_stands_with_its_owner_by_its_status_until_it_is_forgotten() {
    let ground = under_way().await;
    let expected = json!({
        "pk": format!("job#{JOB}"),
        "sk": "job",
        "kind": "job",
        "ttl": 1_800_604_801,
        "parentKey": format!("user#{SELLER}#jobs#running"),
        "parentSort": JOB,
        "ownerKey": format!("user#{SELLER}#jobs"),
        "ownerSort": JOB,
        "id": JOB,
        "version": 3,
        "ownerId": SELLER,
        "work": { "type": "sales_report", "params": { "marketId": MARKET, "from": null, "to": AT } },
        "priority": "high",
        "status": "running",
        "attempts": 2,
        "written": { "rows": 1, "bytes": 3, "chunks": 1, "after": ORDER },
        "total": 9,
        "lastError": null,
        "request": 1,
        "wokenBy": null,
        "runAt": null,
        "retention": 7,
        "createdAt": AT,
        "updatedAt": LATER,
        "startedAt": LATER,
        "finishedAt": null,
        "expiresAt": KEPT,
    });
    assert_eq!(ground.stored::<Job>(&id(JOB)).await, expected);
}

#[tokio::test]
async fn what_a_job_writes_lies_beside_it_and_is_forgotten_with_it() {
    let ground = under_way().await;
    let chunk = json!({
        "pk": format!("job#{JOB}"),
        "sk": "chunk#0000000001",
        "kind": "job-chunk",
        "ttl": 1_800_604_801,
        "text": "a\r\n",
    });
    assert_eq!(ground.stored::<Chunk>(&ChunkKey { job: id(JOB), number: 1 }).await, chunk);
}

#[tokio::test]
async fn a_request_waits_in_the_outbox_by_the_name_of_its_queue() {
    let ground = requested(None).await;
    let mut waiting = ground.items_of("outbox-event").await;
    waiting.retain(|event| event["eventId"] == format!("{JOB}.1"));
    let body: serde_json::Value = serde_json::from_str(waiting[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&waiting[0]["pk"], &waiting[0]["event"]),
        (&json!(outbox_partition(JOB)), &json!("job.requested.high"))
    );
    let data = json!({ "jobId": JOB, "jobType": "sales_report", "priority": "high" });
    assert_eq!((&body["type"], &body["data"]), (&json!("job.requested"), &data));
}

#[tokio::test]
async fn a_job_for_later_stands_among_what_falls_due_and_asks_nobody() {
    let at = moment().saturating_add(Duration::from_hours(24));
    let ground = requested(Some(at)).await;
    let stored = ground.stored::<Job>(&id(JOB)).await;
    assert_eq!(stored["dueShard"], due_jobs(due_job_shard(id(JOB))));
    assert_eq!(
        (&stored["dueAt"], &stored["runAt"], &stored["request"]),
        (&json!(at), &json!(at), &json!(null))
    );
    let events = ground.items_of("outbox-event").await;
    assert!(events.iter().all(|event| !event["event"].as_str().unwrap().starts_with("job.")));
}

#[tokio::test]
async fn a_job_is_dead_in_the_commit_that_records_its_message() {
    let ground = requested(None).await;
    let letter = RecordDeadLetter { letter: dead_letter(LETTER), redriven_from: None };
    let job = Some(JobRequest { id: id(JOB), version: Version::FIRST });
    ground.requests();
    ground.run(MarkJobDead { letter, job }).await;
    assert_eq!(ground.requests(), ["BatchGetItem", "TransactWriteItems"]);
    let stored = ground.stored::<Job>(&id(JOB)).await;
    assert_eq!((&stored["status"], &stored["wokenBy"]), (&json!("dead"), &json!(format!("{LETTER}.2"))));
    assert_eq!(stored["lastError"], "the message does not read");
    let again = RecordDeadLetter { letter: dead_letter(LETTER), redriven_from: Some(id(LETTER)) };
    let job = Some(JobRequest { id: id(JOB), version: Version::FIRST });
    ground.store.execute(MarkJobDead { letter: again, job }, &cause()).await.unwrap();
    assert_eq!(ground.stored::<Job>(&id(JOB)).await, stored, "what is dead does not die once more");
}

/// Orders of the scene's market, each placed a moment after the other.
async fn orders(scene: &Marketplace, count: usize) -> Vec<OrderId> {
    let mut placed = Vec::new();
    for _ in 0..count {
        placed.push(scene.order_of(new_id(), id(PRODUCT), 1, None).await.id);
    }
    placed.sort();
    placed
}

#[tokio::test]
async fn a_report_reads_each_order_of_its_period_once_whatever_the_size_of_its_pages() {
    let scene = Marketplace::open().await;
    orders(&scene, 5).await;
    let from = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(from.duration_since(SystemClock.now())).await;
    let within = orders(&scene, 23).await;
    let to = SystemClock.now().saturating_add(Duration::from_millis(2));
    SystemClock.sleep(to.duration_since(SystemClock.now())).await;
    orders(&scene, 5).await;
    let report = SalesReport { market_id: id(MARKET), from: Some(from), to };
    for limit in [1, 2, 7, 22, 23, 24, 100] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = scene.reader.sold(&report, after, limit).await.unwrap();
            assert!(page.orders.len() <= usize::try_from(limit).unwrap());
            read.extend(page.orders.iter().map(|order| order.id));
            after = read.last().copied();
            if page.is_last {
                break;
            }
        }
        assert_eq!(read, within, "by {limit}");
        assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), 23);
    }
    assert_eq!(scene.reader.count_orders(&report).await.unwrap(), 23);
    let nothing = SalesReport { to: Timestamp::from_millis(0), from: None, ..report };
    let page = scene.reader.sold(&nothing, None, 10).await.unwrap();
    assert!(page.is_last && page.orders.is_empty());
}
