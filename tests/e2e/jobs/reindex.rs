//! Reindex jobs: projections that were deleted directly from the table are rebuilt.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::{Value, json};
use shared::domain::market::Market;
use shared::domain::market::totals::MarketTotals;
use shared::kit::command::{Item, Record};
use shared::projections::daily_sales::DailySales;
use shared::projections::list_total::ListTotal;
use shared::projections::name_index::{NameEntry, NameTerm};
use shared::projections::search_index::{IndexEntry, TermEntry};
use shared::projections::tally::Tally;
use test_support::TestApp;
use test_support::app::eventually;
use test_support::audit::Items;
use test_support::recount::Counts;

use crate::jobs::fixture::{Fixture, REPORTS};

/// Kinds of all projections.
const PROJECTIONS: [&str; 8] = [
    TermEntry::KIND,
    IndexEntry::KIND,
    NameTerm::<Market>::KIND,
    NameEntry::<Market>::KIND,
    Tally::KIND,
    ListTotal::KIND,
    DailySales::KIND,
    MarketTotals::KIND,
];

/// Number of orders that are placed while a reindex runs.
const CHANGES: i64 = 8;

/// Term entries and name terms by key, and all counters.
#[derive(Debug, PartialEq)]
struct Projections {
    term_entries: BTreeMap<String, Item>,
    name_terms: BTreeMap<String, Item>,
    counts: Counts,
}

impl Projections {
    /// Reads all projections; the counters must equal a recount.
    async fn read(app: &TestApp) -> Self {
        let items = Items::scan(app).await;
        let (counts, recount) = Counts::of_items(&items);
        assert_eq!(counts, recount);
        let of_kind = |kind| items.of_kind(kind).map(|item| (key(item), item.clone())).collect();
        let (term_entries, name_terms) = (of_kind(TermEntry::KIND), of_kind(NameTerm::<Market>::KIND));
        Self { term_entries, name_terms, counts }
    }
}

fn text(item: &Item, name: &str) -> String {
    match item.inner().get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

fn key(item: &Item) -> String {
    format!("{} {}", text(item, "pk"), text(item, "sk"))
}

/// Deletes all projections from the table.
async fn lose_projections(app: &TestApp) {
    let (items, dynamodb) = (Items::scan(app).await, app.dynamodb());
    for item in PROJECTIONS.iter().flat_map(|kind| items.of_kind(kind)) {
        let deletion = dynamodb.delete_item().table_name(app.stack().table_name("Table").unwrap());
        let (pk, sk) = (AttributeValue::S(text(item, "pk")), AttributeValue::S(text(item, "sk")));
        deletion.key("pk", pk).key("sk", sk).send().await.unwrap();
    }
}

impl Fixture {
    /// Requests a reindex of everything as the administrator, and returns its location.
    async fn reindex(&self) -> String {
        let request = self.app.request(Method::POST, "/v1/jobs").by(&self.admin).key("reindex");
        let created = request.json(&json!({ "type": "reindex", "params": {} })).send().await;
        let location = created.headers["location"].to_str().unwrap().to_owned();
        let job = created.data(StatusCode::ACCEPTED);
        assert_eq!((&job["status"], &job["priority"]), (&json!("queued"), &json!("high")));
        assert!(job["runAt"].is_string(), "it can be cancelled before it starts: {job}");
        location
    }

    async fn get_reindex(&self, job: &str) -> Value {
        self.app.request(Method::GET, job).by(&self.admin).send().await.data(StatusCode::OK)
    }

    /// Waits until the administrator's job was released by a sweep and has succeeded.
    async fn wait_for_reindex(&self, job: &str) -> Value {
        let released = || async {
            self.app.stack().run_schedule("schedule-sweeper").await.unwrap();
            (self.get_reindex(job).await["version"] != 1).then_some(())
        };
        eventually("the reindex is released", released).await;
        self.wait_until_succeeded_by(&self.admin, job).await
    }

    async fn search_hits(&self) -> Value {
        let search = self.app.request(Method::GET, "/v1/search?q=mug").by(&self.seller).send().await;
        search.data(StatusCode::OK)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reindex_restores_lost_projections_despite_kills() {
    let fixture = Fixture::open(5, "2", "0").await;
    fixture.refund_partly().await;
    let before = Projections::read(&fixture.app).await;
    assert!(!before.term_entries.is_empty() && !before.name_terms.is_empty());
    assert!(!before.counts.days.is_empty());
    lose_projections(&fixture.app).await;
    assert!(Items::scan(&fixture.app).await.of_kind(TermEntry::KIND).next().is_none());
    let kills =
        [(4, Fault::KillAfter), (9, Fault::KillBefore), (14, Fault::KillAfter)].map(|(nth, fault)| {
            let kill = Rule::new(REPORTS, fault).operation("TransactWriteItems").nth(nth);
            fixture.app.stack().faults().inject(kill)
        });
    let job = fixture.reindex().await;
    let done = fixture.wait_for_reindex(&job).await;
    assert!(done["progress"]["done"].as_u64() >= Some(10), "{done}");
    assert_eq!(kills.map(|kill| kill.trigger_count()), [1; 3]);
    assert_eq!(Projections::read(&fixture.app).await, before);
    assert!(!fixture.search_hits().await.as_array().unwrap().is_empty());
    let result = fixture.app.request(Method::GET, &format!("{job}/result")).by(&fixture.admin).send().await;
    assert_eq!(result.code(StatusCode::CONFLICT), "INVALID_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn reindex_is_exact_while_orders_change() {
    let fixture = Fixture::open(3, "1", "0").await;
    let slow = Rule::new(REPORTS, Fault::Delay(Duration::from_millis(100)));
    fixture.app.stack().faults().inject(slow.operation("TransactWriteItems").times(u64::MAX));
    let job = fixture.reindex().await;
    let change = async {
        let progress = || async { (fixture.get_reindex(&job).await["progress"]["done"] != 0).then_some(()) };
        eventually("the reindex makes progress", progress).await;
        for n in 0..CHANGES {
            fixture.place_another(&format!("while-{n}")).await;
            assert_ne!(fixture.get_reindex(&job).await["status"], "succeeded", "it ended before order {n}");
        }
    };
    tokio::join!(change, fixture.wait_for_reindex(&job));
    fixture.app.wait_until_idle().await;
    let projections = Projections::read(&fixture.app).await;
    assert_eq!(projections.counts.lists[&format!("market#{}#orders", fixture.market)], 3 + CHANGES);
}

#[tokio::test(flavor = "multi_thread")]
async fn seller_cannot_reindex_a_market() {
    let fixture = Fixture::open(1, "250", "10").await;
    let body = json!({ "type": "reindex", "params": { "marketId": fixture.market } });
    let request = fixture.app.request(Method::POST, "/v1/jobs").by(&fixture.seller).key("k").json(&body);
    assert_eq!(request.send().await.code(StatusCode::FORBIDDEN), "FORBIDDEN");
}
