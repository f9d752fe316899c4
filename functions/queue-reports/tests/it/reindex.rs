//! Reindex jobs: search entries and totals of one market and of everything.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::job::create::{CreateJob, RequestedWork};
use shared::domain::job::execution::release::ReleaseJob;
use shared::domain::job::job_type::Reindex;
use shared::domain::job::{Job, JobStatus};
use shared::domain::market::create::InitialStatus;
use shared::domain::market::totals::MarketTotals;
use shared::domain::market::{Market, MarketId};
use shared::domain::order::Order;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::product::{Product, ProductId};
use shared::domain::user::User;
use shared::kit::command::{Key, Record};
use shared::projections::daily_sales::DailySales;
use shared::projections::list_total::ListTotal;
use shared::projections::search_index::{
    DocumentId, DocumentText, EmbedderName, Embedding, IndexEntry, TermEntry,
};
use shared::projections::tally::Tally;
use shared::projections::tally::count::CountEntities;
use shared::repository::projections::source::order_lists_of;
use shared::search::{EmbedError, Embedder, HashingEmbedder};
use test_support::audit::Items;
use test_support::fixture::{MARKET, PRODUCT, id, moderator, new_id, sales_report, seller};
use test_support::lambda_event::sqs_record;
use test_support::queue_function::BatchResult;
use test_support::recount::Counts;
use test_support::request_recorder::client;
use test_support::search_index::{index, index_names};

use super::{Fixture, JOB};

impl Fixture {
    /// Requests a reindex as a moderator, and has it released at once.
    async fn request_reindex(&self, market_id: Option<MarketId>) -> Job {
        let work = RequestedWork::Reindex(Reindex { market_id });
        let request = CreateJob { by: moderator(), reindexes: true, work, ..sales_report(id(JOB)) };
        let created = self.marketplace.run(request).await;
        assert!(created.is_waiting(), "a reindex is delayed, so that it can be cancelled");
        let release = ReleaseJob { id: created.id };
        self.marketplace.run_at(created.run_at.unwrap(), release).await;
        self.job().await
    }

    /// Handles the message of the released reindex.
    async fn handle_reindex(&self) -> BatchResult {
        self.handle(&reindex_message()).await
    }

    /// Orders, a second market and all projections of both.
    async fn fill(&self) {
        self.marketplace.place_orders(3).await;
        for _ in 0..2 {
            self.place_and_pay().await;
        }
        let market = new_id::<Market>().to_string();
        self.marketplace.market(&market, seller(), InitialStatus::Active).await;
        let product = new_id::<Product>().to_string();
        self.marketplace.product(&product, &market, seller(), "CUP-1", 500, 3).await;
        self.project().await;
    }

    /// Places an order and records its payment.
    async fn place_and_pay(&self) {
        let order = self.marketplace.order_of(new_id(), id(PRODUCT), 1, Some("pm_card_visa")).await;
        self.marketplace.advance_order(order.id, FulfilmentTransition::Reserve).await;
        let capture = Capture { gateway_id: GatewayId(format!("pi_{}", order.id)), amount: order.total() };
        self.marketplace.advance_order(order.id, FulfilmentTransition::Captured(capture)).await;
    }

    /// Counts and indexes everything, as the consumers of the events do.
    async fn project(&self) {
        let items = self.items().await;
        let mut count = CountEntities::default();
        items.of::<User>().for_each(|user| count.user(user.id));
        items.of::<Order>().for_each(|order| count.order(order.id, order.market_id));
        let markets: Vec<MarketId> = items.of::<Market>().map(|market| market.id).collect();
        for market in &markets {
            count.market(*market);
        }
        let products: Vec<ProductId> = items.of::<Product>().map(|product| product.id).collect();
        for product in &products {
            count.product(*product);
        }
        self.marketplace.run(count).await;
        let documents = markets.into_iter().map(DocumentId::Market);
        for document in documents.chain(products.into_iter().map(DocumentId::Product)) {
            index(&self.marketplace.store, &HashingEmbedder, document).await;
        }
        index_names(&self.marketplace).await;
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client(&self.marketplace.table.stack().dynamodb_endpoint(), None)
    }

    async fn items(&self) -> Items {
        Items::of_table(&self.dynamodb(), &self.marketplace.table.name()).await
    }

    /// Keys of all term entries.
    async fn term_entries(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.items().await.placed::<TermEntry>().map(|(key, _)| key).collect();
        keys.sort_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
        keys
    }

    /// Deletes all records of a type.
    async fn lose<R: Record>(&self) {
        let dynamodb = self.dynamodb();
        for (key, _) in self.items().await.placed::<R>() {
            let deletion = dynamodb.delete_item().table_name(self.marketplace.table.name());
            let deletion = deletion.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
            deletion.send().await.unwrap();
        }
    }

    /// Asserts that the stored counters equal a recount.
    async fn assert_counted(&self) {
        let (stored, recount) = Counts::of_items(&self.items().await);
        assert_eq!(stored, recount);
    }
}

/// Message of the released reindex.
fn reindex_message() -> Value {
    let data = json!({ "jobId": JOB, "jobType": "reindex", "priority": "high" });
    let mut record = sqs_record("agora-urgent-reports-queue", "job.requested", JOB, &data);
    let body = record["body"].as_str().unwrap().replace("\"sequence\":1", "\"sequence\":2");
    record["body"] = body.into();
    json!({ "Records": [record] })
}

/// Embedder that rejects every text.
#[derive(Debug, Clone, Copy)]
struct RejectingEmbedder;

impl Embedder for RejectingEmbedder {
    fn name(&self) -> EmbedderName {
        EmbedderName::Hashed
    }

    async fn embed(&self, _: &DocumentText) -> Result<Embedding, EmbedError> {
        Err(EmbedError::Rejected("no".to_owned()))
    }
}

#[tokio::test]
async fn reindex_of_everything_rebuilds_all_projections_page_by_page() {
    for (page_size, time_slice) in [("250", "10"), ("2", "0"), ("1", "0")] {
        let fixture = Fixture::open(page_size, time_slice).await;
        fixture.fill().await;
        let entries = fixture.term_entries().await;
        assert!(entries.len() > 4);
        fixture.assert_counted().await;
        fixture.lose::<TermEntry>().await;
        fixture.lose::<IndexEntry>().await;
        fixture.lose::<Tally>().await;
        fixture.lose::<ListTotal>().await;
        fixture.lose::<DailySales>().await;
        fixture.lose::<MarketTotals>().await;
        fixture.request_reindex(None).await;
        let mut invocations = 1;
        while fixture.handle_reindex().await.is_requeued() {
            invocations += 1;
        }
        let job = fixture.job().await;
        assert_eq!(job.status, JobStatus::Succeeded, "{job:?}");
        // Two markets with a product each, five orders, four accounts.
        assert_eq!((job.output.rows, job.output.chunks), (2 + 2 + 5 + 4, 0));
        assert_eq!(invocations > 1, time_slice == "0");
        assert_eq!(fixture.term_entries().await, entries);
        fixture.assert_counted().await;
        assert!(fixture.handle_reindex().await.is_success(), "a redelivery changes nothing");
        assert_eq!(fixture.job().await, job);
    }
}

#[tokio::test]
async fn totals_that_differ_from_their_tallies_are_repaired() {
    let fixture = Fixture::open("2", "10").await;
    fixture.fill().await;
    let wrong = order_lists_of(id(MARKET));
    for list in wrong {
        fixture.marketplace.add_to_list_total(list, 7).await;
    }
    fixture.lose::<MarketTotals>().await;
    fixture.request_reindex(Some(id(MARKET))).await;
    let result = fixture.handle_reindex().await;
    assert!(result.is_success(), "{result:?}");
    assert_eq!(fixture.job().await.status, JobStatus::Succeeded);
    let (stored, recount) = Counts::of_items(&fixture.items().await);
    assert_eq!(stored.lists, recount.lists);
    assert_eq!(stored.markets.get(MARKET), recount.markets.get(MARKET));
    assert_eq!(stored.markets.len(), 1, "the totals of the other market are still lost");
}

#[tokio::test]
async fn repeated_reindex_changes_nothing() {
    let fixture = Fixture::open("2", "10").await;
    fixture.fill().await;
    let entries = fixture.term_entries().await;
    fixture.request_reindex(None).await;
    assert!(fixture.handle_reindex().await.is_success());
    assert_eq!(fixture.term_entries().await, entries);
    fixture.assert_counted().await;
    // The consumers find nothing left to do.
    fixture.project().await;
    fixture.assert_counted().await;
}

#[tokio::test]
async fn reindex_fails_if_its_owner_lost_the_permission() {
    let fixture = Fixture::open("2", "10").await;
    fixture.request_reindex(None).await;
    fixture.demote(moderator().user).await;
    assert!(fixture.handle_reindex().await.is_success());
    let job = fixture.job().await;
    let reason = "the owner of the job may no longer rebuild projections";
    assert_eq!((job.status, job.last_error.as_deref()), (JobStatus::Failed, Some(reason)));
}

#[tokio::test]
async fn damaged_items_do_not_stop_a_reindex() {
    let fixture = Fixture::open("2", "10").await;
    fixture.fill().await;
    let damaged = fixture.marketplace.place_orders(1).await.remove(0);
    fixture.marketplace.damage::<Order>(&damaged.id).await;
    fixture.marketplace.damage::<Product>(&id(PRODUCT)).await;
    fixture.lose::<MarketTotals>().await;
    let entries = fixture.term_entries().await;
    fixture.lose::<TermEntry>().await;
    fixture.request_reindex(None).await;
    assert!(fixture.handle_reindex().await.is_success());
    assert_eq!(fixture.job().await.status, JobStatus::Succeeded);
    let of_product = |key: &Key| key.sk.contains(PRODUCT);
    let readable: Vec<Key> = entries.into_iter().filter(|key| !of_product(key)).collect();
    assert_eq!(fixture.term_entries().await, readable);
    let totals: Vec<i64> = fixture.items().await.of::<MarketTotals>().map(|totals| totals.orders).collect();
    assert_eq!(totals.iter().sum::<i64>(), 2, "the paid orders, all of which can be parsed");
}

#[tokio::test]
async fn rejected_document_loses_its_entries_in_a_reindex() {
    let fixture = Fixture::open("2", "10").await;
    fixture.project().await;
    assert!(!fixture.term_entries().await.is_empty());
    fixture.request_reindex(None).await;
    let result = fixture.handle_with(RejectingEmbedder, &reindex_message()).await;
    assert!(result.is_success(), "{result:?}");
    assert_eq!(fixture.job().await.status, JobStatus::Succeeded);
    assert!(fixture.term_entries().await.is_empty());
    fixture.project().await;
    assert!(!fixture.term_entries().await.is_empty(), "a later event indexes the documents again");
}
