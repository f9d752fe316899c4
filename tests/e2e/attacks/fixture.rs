//! Users and resources that the attacks use.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};
use local::StackBuilder;
use local::keys::KeyPair;
use serde_json::{Value, json};
use shared::domain::user::Role;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::{Store, Version};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use test_support::audit::MoneyAndStock;
use test_support::fixture::{new_id, test_context};
use test_support::{TestApp, TestUser};

/// Password of all users.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// An invalid message.
const DEAD_MESSAGE: &str = "not a message";

/// A stack with a user in each role and a resource of each type.
pub(crate) struct Fixture {
    pub(crate) app: TestApp,
    pub(crate) buyer: TestUser,
    pub(crate) seller: TestUser,
    pub(crate) stranger: TestUser,
    pub(crate) moderator: TestUser,
    pub(crate) admin: TestUser,
    /// The seller's market.
    pub(crate) market: String,
    /// A product of the market.
    pub(crate) product: String,
    /// A paid order of the buyer, and its payment.
    pub(crate) order: String,
    pub(crate) payment: String,
    /// The previous signing key, whose tokens are still accepted.
    pub(crate) previous: KeyPair,
    /// The current signing key.
    pub(crate) present: KeyPair,
    /// A key whose tokens are no longer accepted.
    pub(crate) retired: KeyPair,
}

impl Fixture {
    pub(crate) async fn open() -> Self {
        Self::open_with(|builder| builder).await
    }

    /// Starts a stack with customised settings.
    pub(crate) async fn open_with(settings: impl FnOnce(StackBuilder) -> StackBuilder) -> Self {
        let [previous, present, retired] = [(); 3].map(|()| KeyPair::generate().unwrap());
        let overlapping = json!({ "keys": [previous.public, present.public] }).to_string();
        let app = TestApp::start_with(|builder| {
            settings(builder)
                .parameter("JwtSigningKey", present.signing.expose())
                .parameter("JwtPublicKeys", overlapping)
                .parameter("LoginFailuresPerHour", "1000000")
        })
        .await;
        let buyer = app.register("canary-buyer").await;
        let seller = app.register("canary-seller").await;
        let stranger = app.register("canary-stranger").await;
        let moderator = app.user_with_role("canary-moderator", Role::Moderator).await;
        let admin = app.user_with_role("canary-admin", Role::Admin).await;
        let product = app.product(&seller, 1_999, 100_000).await;
        let path = format!("/v1/products/{product}");
        let shown_product = app.request(Method::GET, &path).by(&seller).send().await.data(StatusCode::OK);
        let market = text(&shown_product["marketId"]);
        let placed = app.order(&buyer, "world", &product, 1, Some("pm_card_visa")).await;
        let order = text(&placed.data(StatusCode::CREATED)["id"]);
        let paid = app.wait_for_order(&buyer, &order, &["confirmed"]).await;
        let payment = text(&paid["paymentId"]);
        Self {
            app,
            buyer,
            seller,
            stranger,
            moderator,
            admin,
            market,
            product,
            order,
            payment,
            previous,
            present,
            retired,
        }
    }

    /// Creates a resource with a POST request, and returns its id.
    pub(crate) async fn create(&self, by: &TestUser, path: &str, body: &Value) -> String {
        let key = local::system::aws_ids::uuid();
        let created = self.app.request(Method::POST, path).by(by).key(&key).json(body).send().await;
        text(&created.data(StatusCode::CREATED)["id"])
    }

    /// Creates another market of the seller.
    pub(crate) async fn new_market(&self) -> String {
        self.create(&self.seller, "/v1/markets", &json!({ "name": "Cups", "currency": "EUR" })).await
    }

    /// Creates another product of the seller.
    pub(crate) async fn new_product(&self) -> String {
        let path = format!("/v1/markets/{}/products", self.market);
        self.create(&self.seller, &path, &a_product()).await
    }

    /// Creates another order of the buyer, which waits for its payment.
    pub(crate) async fn new_order(&self) -> String {
        self.create(&self.buyer, "/v1/orders", &self.an_order()).await
    }

    /// Creates a scheduled job of the seller.
    pub(super) async fn new_job(&self) -> String {
        let request =
            self.app.request(Method::POST, "/v1/jobs").by(&self.seller).key(&local::system::aws_ids::uuid());
        text(&request.json(&self.a_job()).send().await.data(StatusCode::ACCEPTED)["id"])
    }

    /// Body of a reindex of the seller's market, scheduled in an hour.
    pub(super) fn a_reindex(&self) -> Value {
        let run_at = SystemClock.now().saturating_add(Duration::from_hours(1));
        json!({ "type": "reindex", "params": { "marketId": self.market }, "runAt": run_at })
    }

    /// Body of a report of the seller's market, scheduled in an hour.
    pub(super) fn a_job(&self) -> Value {
        let run_at = SystemClock.now().saturating_add(Duration::from_hours(1));
        json!({ "type": "sales_report", "params": { "marketId": self.market }, "runAt": run_at })
    }

    /// Dead letters except those that [`new_dead_letter`](Self::new_dead_letter) created.
    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut dead_letters = MoneyAndStock::read(&self.app).await.dead_letters;
        dead_letters.retain(|dead_letter| dead_letter.removed.is_none() && dead_letter.body != DEAD_MESSAGE);
        dead_letters
    }

    /// Number of all dead letters.
    pub(crate) async fn all_dead_letters(&self) -> usize {
        MoneyAndStock::read(&self.app).await.dead_letters.len()
    }

    /// Creates a dead letter of the analytics queue.
    pub(crate) async fn new_dead_letter(&self) -> String {
        let now = SystemClock.now();
        let dead_letter = DeadLetter {
            id: new_id(),
            version: Version::FIRST,
            queue: Subscriber::Analytics,
            status: DeadLetterStatus::Dead,
            message_id: local::system::aws_ids::uuid(),
            body: DEAD_MESSAGE.to_owned(),
            subject: None,
            attributes: BTreeMap::new(),
            reason: "the message cannot be parsed".to_owned(),
            attempts: 1,
            sent_at: Some(now),
            redrives: Vec::new(),
            removed: None,
            created_at: now,
            updated_at: now,
        };
        let id = dead_letter.id.to_string();
        let table = self.app.stack().table_name("Table").unwrap();
        let store = DynamoStore::new(Table::new(self.app.dynamodb(), table));
        store
            .execute(RecordDeadLetter { dead_letter, redriven_from: None }, &test_context(now))
            .await
            .unwrap();
        id
    }

    /// Body of an order of one unit without a payment method.
    pub(crate) fn an_order(&self) -> Value {
        json!({ "items": [{ "productId": self.product, "quantity": 1 }] })
    }
}

/// Body of a product with a new SKU.
pub(crate) fn a_product() -> Value {
    let price = json!({ "amount": 1_999, "currency": "EUR" });
    json!({ "sku": local::system::aws_ids::uuid(), "title": "Mug", "price": price, "stock": 10 })
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}
