//! Benchmark fixture: the local stack with users, a market, a product and an order.

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
use test_support::app::TestResponse;
use test_support::{TestApp, TestUser};

use crate::events;

/// Maximum number of messages in a batch from a queue.
pub(crate) const TEN: usize = 10;

/// Stock of each product: more than a benchmark sells.
const INITIAL_STOCK: i64 = 1_000_000;
/// Query limit: more events than one outbox shard ever contains.
const MAX_EVENTS_PER_SHARD: u32 = 10_000;

/// Local stack with test data.
pub struct Fixture {
    /// Application on the local stack.
    pub app: TestApp,
    /// Owner of the market.
    pub seller: TestUser,
    /// Buyer of all orders.
    pub buyer: TestUser,
    /// Administrator.
    pub admin: TestUser,
    /// Id of the seller's market.
    pub market: String,
    /// Id of a product of the market.
    pub product: String,
    /// Id of an order of the buyer.
    pub order: String,
}

impl Fixture {
    /// Fixture with the functions in `bins`, without event delivery from the table's stream.
    ///
    /// # Panics
    /// If the stack does not start, or rejects a request of the setup.
    pub async fn with_paused_streams(bins: &Path) -> Self {
        Box::pin(Self::with_settings(bins, |builder| builder.streams(false))).await
    }

    /// Fixture with customised stack settings.
    ///
    /// # Panics
    /// As [`with_paused_streams`](Self::with_paused_streams).
    pub async fn with_settings(bins: &Path, settings: impl FnOnce(StackBuilder) -> StackBuilder) -> Self {
        let app = TestApp::start_with(|builder| settings(builder.bin_dir(bins).instances(1))).await;
        app.stack().payments().set_webhook_url(None);
        let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
        let admin = app.user_with_role("admin", Role::Admin).await;
        let product = app.product(&seller, 1_999, INITIAL_STOCK).await;
        let shown = app.request(Method::GET, &format!("/v1/products/{product}")).send().await;
        let market = id(&shown.data(StatusCode::OK)["marketId"]);
        let placed = app.order(&buyer, "the-first", &product, 2, Some("pm_card_visa")).await;
        let order = id(&placed.data(StatusCode::CREATED)["id"]);
        Self { app, seller, buyer, admin, market, product, order }
    }

    /// Fault injector, which also records the calls of functions.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.app.stack().faults()
    }

    /// Calls of a function since the record was last cleared, without those of the rate limiter.
    #[must_use]
    pub fn calls_of(&self, function: &str) -> Vec<Call> {
        let mut calls = self.faults().calls_of(function);
        calls.retain(|call| !is_rate_limit_lease(call));
        calls
    }

    /// Sends a `GET` request as the buyer.
    ///
    /// # Panics
    /// If the response is not 200.
    pub async fn get(&self, path: &str) -> Value {
        self.app.request(Method::GET, path).by(&self.buyer).send().await.data(StatusCode::OK)
    }

    /// Sends a `POST` request as `user`, under a new idempotency key.
    ///
    /// # Panics
    /// If the response does not have the expected status.
    pub async fn post(&self, user: &TestUser, path: &str, body: &Value, status: StatusCode) -> Value {
        self.send_post(user, path, body).await.data(status)
    }

    async fn send_post(&self, user: &TestUser, path: &str, body: &Value) -> TestResponse {
        self.app
            .request(Method::POST, path)
            .by(user)
            .key(&local::system::aws_ids::uuid())
            .json(body)
            .send()
            .await
    }

    /// Places an order as the buyer under an idempotency key; returns its id.
    ///
    /// # Panics
    /// If the order is rejected.
    pub async fn place(&self, key: &str) -> String {
        self.place_one_of(&self.product, key).await
    }

    /// Places an order of `product` as the buyer; returns its id.
    ///
    /// # Panics
    /// If the order is rejected.
    pub async fn place_one_of(&self, product: &str, key: &str) -> String {
        let mut body = self.order_body();
        body["items"][0]["productId"] = json!(product);
        let request = self.app.request(Method::POST, "/v1/orders").by(&self.buyer).key(key).json(&body);
        let placed = request.send().await;
        id(&placed.data(StatusCode::CREATED)["id"])
    }

    /// Request body of an order of the product.
    #[must_use]
    pub fn order_body(&self) -> Value {
        json!({
            "marketId": self.market,
            "items": [{ "productId": self.product, "quantity": 2 }],
            "paymentMethod": "pm_card_visa",
        })
    }

    /// Scheduled event of the sweeper.
    ///
    /// # Panics
    /// If the sweeper has no schedule.
    #[must_use]
    pub fn tick(&self) -> Value {
        self.app.stack().scheduled_event("schedule-sweeper").expect("the sweeper has a schedule")
    }

    /// Name of the DynamoDB table.
    ///
    /// # Panics
    /// If the template declares no table.
    #[must_use]
    pub fn table(&self) -> String {
        self.app.stack().table_name("Table").expect("the template declares the table").to_owned()
    }

    /// Name of the first queue that a function consumes.
    ///
    /// # Panics
    /// If the function consumes no queue.
    #[must_use]
    pub fn queue_of(&self, function: &str) -> String {
        let found =
            self.app.stack().deployment().function(function).expect("the template declares the function");
        found.queues.first().expect("the function consumes a queue").queue.clone()
    }

    /// Events of this name in the outbox, oldest first.
    ///
    /// # Panics
    /// If the table does not respond.
    pub async fn events(&self, name: &str) -> Vec<OutboxEvent> {
        let mut pending = self.pending_events().await;
        pending.retain(|event| event.event == name);
        pending
    }

    /// Removes the events of this name from the outbox, and returns them.
    ///
    /// # Panics
    /// If the table does not respond.
    pub async fn take_events(&self, name: &str) -> Vec<OutboxEvent> {
        let events = self.events(name).await;
        self.remove(&events).await;
        events
    }

    /// Removes all events from the outbox.
    ///
    /// # Panics
    /// If the table does not respond.
    pub async fn clear_outbox(&self) {
        self.remove(&self.pending_events().await).await;
    }

    async fn pending_events(&self) -> Vec<OutboxEvent> {
        let soon = SystemClock.now().saturating_add(Duration::from_mins(1));
        let mut all = Vec::new();
        for shard in 0..OUTBOX_SHARDS {
            all.extend(
                self.outbox()
                    .overdue(shard, soon, None, MAX_EVENTS_PER_SHARD)
                    .await
                    .expect("the outbox is readable")
                    .events,
            );
        }
        all.sort_by_key(OutboxEvent::enqueued_at);
        all
    }

    async fn remove(&self, events: &[OutboxEvent]) {
        let keys = events.iter().map(OutboxEvent::key).collect();
        self.outbox().remove(keys).await.expect("the events are removed");
    }

    fn outbox(&self) -> Outbox {
        Outbox::new(Table::new(self.app.dynamodb(), &self.table()))
    }

    /// Delivers all pending events to fulfilment, search index and analytics.
    ///
    /// # Panics
    /// If a consumer does not respond, or fails.
    pub async fn drain_queues(&self) {
        for (function, names) in [
            ("queue-fulfilment", &["order.created"][..]),
            ("queue-search-index", &["market.created", "product.changed"]),
            ("queue-analytics", &["user.registered", "market.created", "product.changed", "order.confirmed"]),
        ] {
            let mut events = self.pending_events().await;
            events.retain(|event| names.contains(&event.event.as_str()));
            for ten in events.chunks(TEN) {
                self.deliver(function, ten).await;
            }
        }
        self.clear_outbox().await;
    }

    /// All current items of the table in DynamoDB JSON, by key.
    #[must_use]
    pub fn items(&self) -> BTreeMap<String, Value> {
        let mut items = BTreeMap::new();
        for ItemChange { key, image } in self.app.stack().history("Table") {
            match image {
                Some(image) => items.insert(key.to_string(), image),
                None => items.remove(&key.to_string()),
            };
        }
        items
    }

    /// Writes items in DynamoDB JSON directly to the table, bypassing its stream.
    ///
    /// # Panics
    /// If the table rejects them.
    pub fn fill(&self, items: Vec<Value>) {
        self.app.stack().bulk_load("Table", items).expect("the table accepts the items");
    }

    /// Invokes a consumer with a batch of messages.
    ///
    /// # Panics
    /// If the function does not respond, or a message fails.
    pub async fn deliver(&self, function: &str, events: &[OutboxEvent]) {
        let event = events::batch(&self.queue_of(function), events);
        self.accept(function, &event).await;
    }

    /// Invokes a function with an event of several records.
    ///
    /// # Panics
    /// If the function does not respond, or a record fails.
    pub async fn accept(&self, function: &str, event: &Value) {
        let response = self.app.stack().invoke(function, event).await.expect("the function responds");
        assert!(all_succeeded(&response), "{function}: {response}");
    }
}

/// Returns true if no record of the batch failed.
#[must_use]
pub fn all_succeeded(response: &Value) -> bool {
    response["batchItemFailures"].as_array().is_some_and(Vec::is_empty)
}

/// Returns true for calls of the rate limiter: an instance leases permits of a caller occasionally, not per
/// request.
pub(crate) fn is_rate_limit_lease(call: &Call) -> bool {
    call.partition.as_deref().is_some_and(|partition| partition.starts_with("limit#"))
}

/// Extracts an id from a JSON value.
///
/// # Panics
/// If the value is not a string.
#[must_use]
pub fn id(value: &Value) -> String {
    value.as_str().expect("the id is a string").to_owned()
}
