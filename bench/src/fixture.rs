//! The shop that everything happens in: the local stack with people, a market, a product and an order in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use http::{Method, StatusCode};
use local::StackBuilder;
use local::faults::{Call, Faults};
use local::stack::ItemChange;
use serde_json::{Value, json};
use shared::domain::user::Role;
use shared::kit::aws::dynamodb::Table;
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::app::Answer;
use test_support::{TestApp, TestUser};

use crate::events;
use crate::workloads::TEN;

/// More pieces than anybody buys while something is measured.
const PIECES: i64 = 1_000_000;
/// More events than wait in one shard at any time.
const MANY: u32 = 10_000;

/// The shop.
pub struct Fixture {
    /// What it stands on.
    pub shop: TestApp,
    /// Who sells.
    pub seller: TestUser,
    /// Who buys.
    pub buyer: TestUser,
    /// Who may see everything.
    pub admin: TestUser,
    /// The seller's market.
    pub market: String,
    /// A product of it.
    pub product: String,
    /// An order of the buyer's.
    pub order: String,
}

impl Fixture {
    /// A shop with the functions in `bins`, in which nothing leaves the outbox by itself.
    ///
    /// # Panics
    /// If the stack does not start, or refuses what everybody may do.
    pub async fn with_paused_streams(bins: &Path) -> Self {
        Box::pin(Self::with_settings(bins, |builder| builder.streams(false))).await
    }

    /// A shop in which `settings` had a word.
    ///
    /// # Panics
    /// As [`still`](Self::still).
    pub async fn with_settings(bins: &Path, settings: impl FnOnce(StackBuilder) -> StackBuilder) -> Self {
        let shop = TestApp::open_with(|builder| settings(builder.bin_dir(bins).instances(1))).await;
        shop.stack().payments().set_webhook_url(None);
        let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
        let admin = shop.user_with_role("admin", Role::Admin).await;
        let product = shop.product(&seller, 1_999, PIECES).await;
        let shown = shop.ask(Method::GET, &format!("/v1/products/{product}")).send().await;
        let market = id(&shown.data(StatusCode::OK)["marketId"]);
        let placed = shop.order(&buyer, "the-first", &product, 2, Some("pm_card_visa")).await;
        let order = id(&placed.data(StatusCode::CREATED)["id"]);
        Self { shop, seller, buyer, admin, market, product, order }
    }

    /// The record of what functions call.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.shop.stack().faults()
    }

    /// What a function has called since the record was last begun anew, without what its limiter asks for now and then.
    #[must_use]
    pub fn calls_of(&self, function: &str) -> Vec<Call> {
        let mut calls = self.faults().calls_of(function);
        calls.retain(|call| !is_grant(call));
        calls
    }

    /// Reads something on the buyer's behalf.
    ///
    /// # Panics
    /// If the answer is not 200.
    pub async fn get(&self, path: &str) -> Value {
        self.shop.ask(Method::GET, path).by(&self.buyer).send().await.data(StatusCode::OK)
    }

    /// Has `who` post something, under a key of its own.
    ///
    /// # Panics
    /// If the answer has another status.
    pub async fn post(&self, who: &TestUser, path: &str, body: &Value, status: StatusCode) -> Value {
        self.posted(who, path, body).await.data(status)
    }

    async fn posted(&self, who: &TestUser, path: &str, body: &Value) -> Answer {
        self.shop.ask(Method::POST, path).by(who).key(&local::system::aws_ids::uuid()).json(body).send().await
    }

    /// Has the buyer place an order under this key; gives its id.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn place(&self, key: &str) -> String {
        self.place_one_of(&self.product, key).await
    }

    /// Has the buyer place an order of this product.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn place_one_of(&self, product: &str, key: &str) -> String {
        let placed = self.shop.order(&self.buyer, key, product, 2, Some("pm_card_visa")).await;
        id(&placed.data(StatusCode::CREATED)["id"])
    }

    /// What an order of the product looks like to the API.
    #[must_use]
    pub fn order_body(&self) -> Value {
        json!({ "items": [{ "productId": self.product, "quantity": 2 }], "paymentMethod": "pm_card_visa" })
    }

    /// What the sweeper's schedule hands it.
    ///
    /// # Panics
    /// If it has none.
    #[must_use]
    pub fn tick(&self) -> Value {
        self.shop.stack().scheduled("schedule-sweeper").expect("the sweeper has a schedule")
    }

    /// A table of the stack.
    ///
    /// # Panics
    /// If the template has none.
    #[must_use]
    pub fn table(&self) -> String {
        self.shop.stack().table_name("Table").expect("the template has the table").to_owned()
    }

    /// Name of the first queue that a function consumes.
    ///
    /// # Panics
    /// If it consumes none.
    #[must_use]
    pub fn queue_of(&self, function: &str) -> String {
        let found = self.shop.stack().deployment().function(function).expect("the template has the function");
        found.queues.first().expect("it consumes a queue").queue.clone()
    }

    /// The events of this name that wait in the outbox, oldest first.
    ///
    /// # Panics
    /// If the table does not answer.
    pub async fn events(&self, name: &str) -> Vec<OutboxEvent> {
        let mut waiting = self.waiting().await;
        waiting.retain(|event| event.event == name);
        waiting
    }

    /// Takes the events of this name out of the outbox.
    ///
    /// # Panics
    /// If the table does not answer.
    pub async fn take_events(&self, name: &str) -> Vec<OutboxEvent> {
        let taken = self.events(name).await;
        self.remove(&taken).await;
        taken
    }

    /// Takes everything out of the outbox.
    ///
    /// # Panics
    /// If the table does not answer.
    pub async fn clear_outbox(&self) {
        self.remove(&self.waiting().await).await;
    }

    async fn waiting(&self) -> Vec<OutboxEvent> {
        let soon = SystemClock.now().saturating_add(Duration::from_mins(1));
        let mut all = Vec::new();
        for shard in 0..OUTBOX_SHARDS {
            all.extend(self.outbox().overdue(shard, soon, MANY).await.expect("the outbox reads"));
        }
        all.sort_by_key(OutboxEvent::enqueued_at);
        all
    }

    async fn remove(&self, events: &[OutboxEvent]) {
        let places = events.iter().map(OutboxEvent::key).collect();
        self.outbox().remove(places).await.expect("they are removed");
    }

    fn outbox(&self) -> Outbox {
        Outbox::new(Table::new(self.shop.dynamodb(), &self.table()))
    }

    /// Has the orders fulfilled, everything counted, and everything found that can be.
    ///
    /// # Panics
    /// If a consumer does not answer, or fails.
    pub async fn drain_queues(&self) {
        for (function, events) in [
            ("queue-fulfilment", &["order.created"][..]),
            ("queue-search-index", &["market.created", "product.changed"]),
            ("queue-analytics", &["user.registered", "market.created", "product.changed", "order.confirmed"]),
        ] {
            let mut heard = self.waiting().await;
            heard.retain(|event| events.contains(&event.event.as_str()));
            for ten in heard.chunks(TEN) {
                self.deliver(function, ten).await;
            }
        }
        self.clear_outbox().await;
    }

    /// Every item of the table as it is now, in DynamoDB's JSON, by its key.
    #[must_use]
    pub fn items(&self) -> BTreeMap<String, Value> {
        let mut items = BTreeMap::new();
        for ItemChange { key, image } in self.shop.stack().history("Table") {
            match image {
                Some(image) => items.insert(key.to_string(), image),
                None => items.remove(&key.to_string()),
            };
        }
        items
    }

    /// Writes items in DynamoDB's JSON past everything that watches the table.
    ///
    /// # Panics
    /// If the table does not take them.
    pub fn fill(&self, items: Vec<Value>) {
        self.shop.stack().bulk_load("Table", items).expect("the table takes them");
    }

    /// Hands a batch of messages to a consumer.
    ///
    /// # Panics
    /// If it does not answer, or one of them failed.
    pub async fn deliver(&self, function: &str, events: &[OutboxEvent]) {
        let event = events::batch(&self.queue_of(function), events);
        self.accept(function, &event).await;
    }

    /// Invokes a function with a batch of anything.
    ///
    /// # Panics
    /// If it does not answer, or one of the records failed.
    pub async fn accept(&self, function: &str, event: &Value) {
        let answer = self.shop.stack().invoke(function, event).await.expect("the function answers");
        assert!(all_succeeded(&answer), "{function}: {answer}");
    }
}

/// Whether all records of a batch are done.
#[must_use]
pub fn all_succeeded(answer: &Value) -> bool {
    answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty)
}

/// Whether a call is one of the limiter's: an instance asks for grants of a caller now and then, not with each request.
fn is_grant(call: &Call) -> bool {
    call.operation == "UpdateItem"
}

/// An id as the API shows it.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn id(value: &Value) -> String {
    value.as_str().expect("an id").to_owned()
}
