//! The people and things that are attacked.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};
use local::StackBuilder;
use local::keys::Pair;
use serde_json::{Value, json};
use shared::domain::user::Role;
use shared::kit::aws::dynamodb::{DynamoStore, Table};
use shared::kit::command::{Store, Version};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use test_support::audit::MoneyAndStock;
use test_support::fixture::{cause, new_id};
use test_support::{TestApp, TestUser};

/// What everybody's password is.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A message that nobody can read.
const DEAD_MESSAGE: &str = "not a message";

/// A shop with somebody in each role, and something of each kind.
pub(crate) struct Fixture {
    pub(crate) shop: TestApp,
    pub(crate) buyer: TestUser,
    pub(crate) seller: TestUser,
    pub(crate) stranger: TestUser,
    pub(crate) moderator: TestUser,
    pub(crate) admin: TestUser,
    /// The seller's market.
    pub(crate) market: String,
    /// A product of it.
    pub(crate) product: String,
    /// An order of the buyer's that was paid, and its payment.
    pub(crate) order: String,
    pub(crate) payment: String,
    /// A key that signed before the present one; its tokens are still accepted.
    pub(crate) previous: Pair,
    /// The key that signs.
    pub(crate) present: Pair,
    /// A key whose tokens are not accepted any more.
    pub(crate) retired: Pair,
}

impl Fixture {
    pub(crate) async fn open() -> Self {
        Self::open_with(|builder| builder).await
    }

    /// On a stack that `settings` had a word in.
    pub(crate) async fn open_with(settings: impl FnOnce(StackBuilder) -> StackBuilder) -> Self {
        let [previous, present, retired] = [(); 3].map(|()| Pair::generate().unwrap());
        let overlapping = json!({ "keys": [previous.public, present.public] }).to_string();
        let shop = TestApp::open_with(|builder| {
            settings(builder)
                .parameter("JwtSigningKey", present.signing.expose())
                .parameter("JwtPublicKeys", overlapping)
                .parameter("LoginFailuresPerHour", "1000000")
        })
        .await;
        let buyer = shop.customer("canary-buyer").await;
        let seller = shop.customer("canary-seller").await;
        let stranger = shop.customer("canary-stranger").await;
        let moderator = shop.user_with_role("canary-moderator", Role::Moderator).await;
        let admin = shop.user_with_role("canary-admin", Role::Admin).await;
        let product = shop.product(&seller, 1_999, 100_000).await;
        let path = format!("/v1/products/{product}");
        let shown = shop.ask(Method::GET, &path).by(&seller).send().await.data(StatusCode::OK);
        let market = text(&shown["marketId"]);
        let placed = shop.order(&buyer, "world", &product, 1, Some("pm_card_visa")).await;
        let order = text(&placed.data(StatusCode::CREATED)["id"]);
        let paid = shop.order_in(&buyer, &order, &["confirmed"]).await;
        let payment = text(&paid["paymentId"]);
        Self {
            shop,
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

    /// What is created by a POST of `body` to `path`.
    pub(crate) async fn create(&self, by: &TestUser, path: &str, body: &Value) -> String {
        let key = local::system::aws_ids::uuid();
        let created = self.shop.ask(Method::POST, path).by(by).key(&key).json(body).send().await;
        text(&created.data(StatusCode::CREATED)["id"])
    }

    /// Another market of the seller's.
    pub(crate) async fn new_market(&self) -> String {
        self.create(&self.seller, "/v1/markets", &json!({ "name": "Cups", "currency": "EUR" })).await
    }

    /// Another product of the seller's.
    pub(crate) async fn new_product(&self) -> String {
        let path = format!("/v1/markets/{}/products", self.market);
        self.create(&self.seller, &path, &a_product()).await
    }

    /// Another order of the buyer's, which waits for its payment.
    pub(crate) async fn new_order(&self) -> String {
        self.create(&self.buyer, "/v1/orders", &self.an_order()).await
    }

    /// A job of the seller's, which is for later.
    pub(super) async fn new_job(&self) -> String {
        let ask =
            self.shop.ask(Method::POST, "/v1/jobs").by(&self.seller).key(&local::system::aws_ids::uuid());
        text(&ask.json(&self.a_job()).send().await.data(StatusCode::ACCEPTED)["id"])
    }

    /// A report of the seller's market, in an hour.
    pub(super) fn a_job(&self) -> Value {
        let run_at = SystemClock.now().saturating_add(Duration::from_hours(1));
        json!({ "type": "sales_report", "params": { "marketId": self.market }, "runAt": run_at })
    }

    /// The dead letters, but for those that were put there.
    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut letters = MoneyAndStock::read(&self.shop).await.dead_letters;
        letters.retain(|letter| letter.removed.is_none() && letter.body != DEAD_MESSAGE);
        letters
    }

    /// How many messages are dead.
    pub(crate) async fn all_dead_letters(&self) -> usize {
        MoneyAndStock::read(&self.shop).await.dead_letters.len()
    }

    /// A message of the analytics that could not be processed.
    pub(crate) async fn new_dead_letter(&self) -> String {
        let now = SystemClock.now();
        let letter = DeadLetter {
            id: new_id(),
            version: Version::FIRST,
            queue: Subscriber::Analytics,
            status: DeadLetterStatus::Dead,
            message_id: local::system::aws_ids::uuid(),
            body: DEAD_MESSAGE.to_owned(),
            attributes: BTreeMap::new(),
            reason: "the message does not read".to_owned(),
            attempts: 1,
            sent_at: Some(now),
            redrives: Vec::new(),
            removed: None,
            created_at: now,
            updated_at: now,
        };
        let id = letter.id.to_string();
        let table = self.shop.stack().table_name("Table").unwrap();
        let store = DynamoStore::new(Table::new(self.shop.dynamodb(), table));
        store.execute(RecordDeadLetter { letter, redriven_from: None }, &cause(now)).await.unwrap();
        id
    }

    /// An order of one piece, without a payment method.
    pub(crate) fn an_order(&self) -> Value {
        json!({ "items": [{ "productId": self.product, "quantity": 1 }] })
    }
}

/// A product that can be listed; its SKU is new each time.
pub(crate) fn a_product() -> Value {
    let price = json!({ "amount": 1_999, "currency": "EUR" });
    json!({ "sku": local::system::aws_ids::uuid(), "title": "Mug", "price": price, "stock": 10 })
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
