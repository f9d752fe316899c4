//! Projections that are rebuilt from the event log.

use std::collections::BTreeSet;

use queue_analytics::Analytics;
use queue_search_index::SearchIndex;
use serde_json::{Value, json};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::kit::command::Key;
use shared::kit::queue::consumer::BatchHandler;
use shared::search::HashingEmbedder;
use test_support::Marketplace;
use test_support::audit::Items;
use test_support::fixture::{buyer, cents, new_id};
use test_support::lambda_event::sqs_record;
use test_support::queue_function;
use test_support::recount::Counts;
use test_support::request_recorder::client;
use test_support::test_queue::TestQueue;

use super::*;

/// Marketplace with a paid, a cancelled and a new order, all of whose events are logged.
struct Fixture {
    marketplace: Marketplace,
    queue: TestQueue,
    projection: Projection,
}

impl Fixture {
    async fn open(projection: Projection) -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        marketplace.order(Some("pm_card_visa")).await;
        marketplace.advance(FulfilmentTransition::Reserve).await;
        let capture = Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: cents(3_998) };
        marketplace.advance(FulfilmentTransition::Captured(capture)).await;
        let placed = marketplace.place_orders(2).await;
        marketplace.run(CancelOrder { id: placed[0].id, by: buyer(), reason: None }).await;
        marketplace.log_events().await;
        let queue = TestQueue::create(&marketplace.table, "projection").await;
        Self { marketplace, queue, projection }
    }

    /// Replays all events and returns their number.
    async fn replay(&self) -> usize {
        let (table, sqs) = (self.marketplace.table.table(), self.marketplace.table.sqs());
        let mut replay = Replay::new(table, sqs, self.projection, self.queue.url.clone());
        replay.run(&recent()).await.expect("the events are sent")
    }

    /// Handles all messages of the queue, as the consumer of the projection does.
    async fn consume(&self) {
        let store = self.marketplace.store.clone();
        match self.projection {
            Projection::Analytics => self.handle(&Analytics::new(store).into_handler()).await,
            Projection::SearchIndex => {
                self.handle(&SearchIndex::new(store, HashingEmbedder).into_handler()).await;
            }
        }
    }

    async fn handle(&self, handler: &impl BatchHandler) {
        let received = self.queue.receive_all().await;
        for batch in received.chunks(10) {
            let records = batch.iter().enumerate().map(|(number, message)| {
                let mut record = sqs_record("projection", "user.changed", "usr_1", &json!({}));
                record["messageId"] = json!(number.to_string());
                record["body"] = json!(message.body);
                record
            });
            let event = json!({ "Records": records.collect::<Vec<_>>() });
            let result = queue_function::handle(handler, &event).await;
            assert!(result.is_success(), "{result:?}");
        }
    }

    async fn items(&self) -> Items {
        let table = &self.marketplace.table;
        Items::of_table(&client(&table.stack().dynamodb_endpoint(), None), &table.name()).await
    }

    /// Items of the projection without their versions. Empty counters count as absent.
    async fn projected(&self) -> BTreeSet<String> {
        let kinds: &[&str] = match self.projection {
            Projection::Analytics => &["tally", "total", "totals", "sales"],
            Projection::SearchIndex => &["search", "term-entry", "name", "name-term"],
        };
        let mut found = BTreeSet::new();
        for item in self.items().await.all() {
            let mut item: Value = serde_json::to_value(item.inner()).expect("an item is JSON");
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let (kind, sort, pk) = (text("kind"), text("sk"), text("pk"));
            let is_term = pk.starts_with("term#") || pk.starts_with("names#");
            if kinds.contains(&kind.as_str())
                || kinds.contains(&sort.as_str())
                || (is_term && kinds.contains(&"search"))
            {
                item.as_object_mut().map(|item| item.remove("version"));
                found.insert(item.to_string());
            }
        }
        found
    }
}

/// All events of the last day.
fn recent() -> EventList {
    let yesterday = SystemClock.now().saturating_sub(Duration::from_hours(24));
    EventList { after: Some(yesterday), ..EventList::default() }
}

async fn rebuilds(projection: Projection) {
    let fixture = Fixture::open(projection).await;
    let sent = fixture.replay().await;
    assert!(sent > 4, "{sent}");
    fixture.consume().await;
    let built = fixture.projected().await;
    assert!(built.len() > 8, "{built:?}");
    assert_eq!(fixture.replay().await, sent);
    assert_ne!(fixture.projected().await, built, "the projection is removed before the events are consumed");
    fixture.consume().await;
    assert_eq!(fixture.projected().await, built);
    if projection == Projection::Analytics {
        let (stored, recount) = Counts::of_items(&fixture.items().await);
        assert_eq!(stored, recount);
    }
}

#[tokio::test]
async fn totals_are_rebuilt_from_the_log() {
    rebuilds(Projection::Analytics).await;
}

#[tokio::test]
async fn search_index_is_rebuilt_from_the_log() {
    rebuilds(Projection::SearchIndex).await;
}

#[tokio::test]
async fn damaged_event_is_left_out_of_a_replay() {
    let fixture = Fixture::open(Projection::Analytics).await;
    let all = fixture.replay().await;
    let items = fixture.items().await;
    let created = items.of::<LoggedEvent>().find(|event| event.event == "order.created");
    let LoggedEvent { pk, sk, .. } = created.expect("the orders are logged");
    fixture.marketplace.set_text(&Key { pk, sk }, "body", "{}".to_owned()).await;
    assert_eq!(fixture.replay().await, all - 1);
}

#[tokio::test]
async fn events_older_than_the_default_retention_are_sent() {
    let fixture = Fixture::open(Projection::Analytics).await;
    let (marketplace, day) = (&fixture.marketplace, Duration::from_hours(24));
    let placed_at = SystemClock.now().saturating_sub(day * 40);
    marketplace.order_at(placed_at, new_id(), None).await;
    let table = marketplace.table.table().with_event_retention(day * 60);
    let events = marketplace.unpublished_events().await;
    Outbox::new(table).log(&events.iter().collect::<Vec<_>>()).await.expect("the table responds");
    let (table, sqs) = (marketplace.table.table(), marketplace.table.sqs());
    let mut replay = Replay::new(table, sqs, Projection::Analytics, fixture.queue.url.clone());
    let before = Some(placed_at.saturating_add(day));
    let period = EventList { after: Some(placed_at), before, ..EventList::default() };
    assert_eq!(replay.run(&period).await.expect("the events are sent"), 1);
}

#[tokio::test]
async fn only_events_of_the_type_and_period_are_sent() {
    let fixture = Fixture::open(Projection::Analytics).await;
    let (table, sqs) = (fixture.marketplace.table.table(), fixture.marketplace.table.sqs());
    let mut replay = Replay::new(table, sqs, Projection::Analytics, fixture.queue.url.clone());
    let created = EventList { event_type: Some("order.created".to_owned()), ..recent() };
    assert_eq!(replay.run(&created).await.expect("the events are sent"), 3);
    let messages = fixture.queue.receive_all().await;
    assert!(messages.iter().all(|message| message.attributes["event"] == "order.created"), "{messages:?}");
    let an_hour_ago = SystemClock.now().saturating_sub(Duration::from_hours(1));
    let past = EventList { before: Some(an_hour_ago), ..created };
    assert_eq!(replay.run(&past).await.expect("the events are sent"), 0);
}
