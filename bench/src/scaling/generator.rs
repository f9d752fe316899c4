//! Data generator for tables of any size: copies the items that the functions wrote for some users, markets,
//! products and orders, and writes the copies directly to the table. Creating the data through the functions
//! would take days.
//!
//! A copy has all items of its template (tallies, term entries, uniqueness claims, list entries) under a new
//! id. Copies of products belong to the same market, and copies of orders to the same buyer, so that the
//! lists that the benchmark reads grow with the table.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use fastrand::Rng;
use http::StatusCode;
use serde_json::{Value, json};
use shared::domain::market::MarketId;
use shared::domain::order::OrderId;
use shared::domain::product::ProductId;
use shared::domain::user::UserId;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::Record;
use shared::kit::system::clock::{Clock, Entropy, SystemClock, Timestamp};
use shared::projections::list_total::{ListKey, ListTotal};

use crate::fixture::{Fixture, id};

/// Entity kinds that are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Market,
    Product,
    Order,
}

/// Copies of each kind per round: a marketplace has more orders than anything else.
const COPIES_PER_ROUND: [(Kind, usize); 4] =
    [(Kind::User, 1), (Kind::Market, 1), (Kind::Product, 4), (Kind::Order, 8)];

/// Maximum age of a copy, in milliseconds.
const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;

/// Number of items that are written at a time.
const CHUNK: usize = 20_000;

/// An entity with all of its items.
struct ItemTemplate {
    kind: Kind,
    id: String,
    /// Unique value of the entity: a SKU or an e-mail address.
    claim: Option<String>,
    /// Items of the entity, in DynamoDB JSON.
    items: String,
    /// Lists in which the entity is counted.
    lists: Vec<String>,
}

/// Templates, and the state of the generator.
pub struct ItemGenerator {
    templates: Vec<ItemTemplate>,
    rng: Rng,
    /// Number of items in the table.
    items: usize,
    /// Number of copies so far.
    copies: usize,
}

impl ItemGenerator {
    /// Creates the templates through the functions, and reads their items.
    ///
    /// # Panics
    /// If a function rejects a request.
    pub async fn new(fixture: &Fixture, seed: u64) -> Self {
        let mut entities = Vec::new();
        for (number, word) in PRODUCT_WORDS.iter().enumerate() {
            let name = format!("pattern{number}");
            entities.push((
                Kind::User,
                fixture.app.register(&name).await.id,
                Some(format!("{name}@example.com")),
            ));
            let market = json!({ "name": format!("{word} and more"), "currency": "EUR" });
            let market = fixture.post(&fixture.seller, "/v1/markets", &market, StatusCode::CREATED).await;
            entities.push((Kind::Market, id(&market["id"]), None));
            let sku = format!("PATTERN-{number}-X");
            let price = json!({ "amount": 999, "currency": "EUR" });
            let title = format!("{word} mug");
            let product = json!({ "sku": sku, "title": title, "price": price, "stock": 1_000_000 });
            let products = format!("/v1/markets/{}/products", fixture.market);
            let product = fixture.post(&fixture.seller, &products, &product, StatusCode::CREATED).await;
            entities.push((Kind::Product, id(&product["id"]), Some(sku)));
            for order in 0..4 {
                entities.push((Kind::Order, fixture.place(&format!("pattern-{number}-{order}")).await, None));
            }
        }
        fixture.drain_queues().await;
        let table: BTreeMap<String, Value> = fixture.items();
        let templates =
            entities.into_iter().map(|(kind, id, claim)| ItemTemplate::of(&table, kind, id, claim));
        let templates = templates.collect();
        Self { templates, rng: Rng::with_seed(seed), items: table.len(), copies: 0 }
    }

    /// Adds copies until the table has `items` items.
    ///
    /// # Panics
    /// If the table rejects them.
    pub async fn grow(&mut self, fixture: &Fixture, items: usize) {
        let mut lists: HashMap<String, i64> = HashMap::new();
        let mut left = items.saturating_sub(self.items);
        self.items += left;
        while left > 0 {
            let mut chunk = Vec::new();
            while chunk.len() < left.min(CHUNK) {
                for (kind, count) in COPIES_PER_ROUND {
                    for _ in 0..count {
                        let (template, _, copy) = self.copy(kind);
                        for list in &template.lists {
                            *lists.entry(list.clone()).or_default() += 1;
                        }
                        chunk.extend(copy);
                    }
                }
            }
            left = left.saturating_sub(chunk.len());
            fixture.fill(chunk);
        }
        add_to_list_totals(fixture, lists).await;
    }

    /// Adds orders whose events no consumer has received, and returns the message bodies of these events.
    /// `event` is the event of a template order.
    pub fn orders_with_unpublished_events(
        &mut self,
        fixture: &Fixture,
        event: &OutboxEvent,
        orders: usize,
    ) -> Vec<String> {
        let order = order_of(event);
        let mut bodies = Vec::with_capacity(orders);
        let mut chunk = Vec::new();
        for _ in 0..orders {
            let (_, id, copy) = self.copy(Kind::Order);
            chunk.extend(copy.into_iter().filter(|item| item["sk"]["S"] != "tally"));
            bodies.push(event.body.replace(&order, &id));
            if chunk.len() >= CHUNK {
                fixture.fill(std::mem::take(&mut chunk));
            }
        }
        fixture.fill(chunk);
        bodies
    }

    /// Creates a copy of a random template of this kind; returns the template, the new id and the items.
    fn copy(&mut self, kind: Kind) -> (&ItemTemplate, String, Vec<Value>) {
        let of_kind: Vec<&ItemTemplate> =
            self.templates.iter().filter(|template| template.kind == kind).collect();
        let template = of_kind[self.rng.usize(..of_kind.len())];
        let id = kind.id(&mut self.rng);
        self.copies += 1;
        let copy = template.copy(&id, &kind.claim(self.copies));
        (template, id, copy)
    }
}

/// Id of the order in an event.
fn order_of(event: &OutboxEvent) -> String {
    let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    body["data"]["orderId"].as_str().unwrap_or_default().to_owned()
}

/// Words that distinguish the names of markets and products.
const PRODUCT_WORDS: [&str; 8] =
    ["Blue", "Green", "Large", "Small", "Travel", "Enamel", "Thermo", "Porcelain"];

impl ItemTemplate {
    fn of(table: &BTreeMap<String, Value>, kind: Kind, id: String, claim: Option<String>) -> Self {
        let is_included = |(key, item): &(&String, &Value)| {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
            let (pk, sk) = (text("pk"), text("sk"));
            let transient = ["outbox#", "idempotency#", "limit#", "lease#", "dispatch#", "total#"];
            let is_claim = sk.starts_with("sku#") || pk.starts_with("email#");
            let is_permanent =
                !transient.iter().any(|prefix| pk.starts_with(prefix)) && !sk.starts_with("session#");
            is_permanent && (key.contains(&id) || is_claim && item.to_string().contains(&id))
        };
        let items: Vec<&Value> = table.iter().filter(is_included).map(|(_, item)| item).collect();
        let lists =
            items.iter().filter(|item| item["sk"]["S"] == "tally").flat_map(|tally| strings(&tally["lists"]));
        Self { kind, id, claim, items: json!(items).to_string(), lists: lists.collect() }
    }

    /// Items of a copy with another id and unique value.
    fn copy(&self, id: &str, claim: &str) -> Vec<Value> {
        let text = self.items.replace(&self.id, id);
        let text = self.claim.as_ref().map_or(text.clone(), |own| text.replace(own, claim));
        serde_json::from_str(&text).expect("ids and claims need no escaping")
    }
}

/// Entropy source that returns one fixed number.
#[derive(Debug, Clone, Copy)]
struct FixedRandom(u128);

impl Entropy for FixedRandom {
    fn random(&self) -> u128 {
        self.0
    }
}

impl Kind {
    fn id(self, rng: &mut Rng) -> String {
        let at = Timestamp::from_millis(SystemClock.now().as_millis() - rng.i64(..YEAR));
        let random = FixedRandom(rng.u128(..));
        match self {
            Self::User => UserId::generate(at, &random).to_string(),
            Self::Market => MarketId::generate(at, &random).to_string(),
            Self::Product => ProductId::generate(at, &random).to_string(),
            Self::Order => OrderId::generate(at, &random).to_string(),
        }
    }

    /// Unique value of the copy with this number.
    fn claim(self, number: usize) -> String {
        match self {
            Self::User => format!("copy{number}@example.com"),
            Self::Market | Self::Product | Self::Order => format!("COPY-{number}"),
        }
    }
}

/// Strings in a list or a set.
fn strings(value: &Value) -> Vec<String> {
    let list = value["L"].as_array().into_iter().flatten().map(|text| &text["S"]);
    let set = value["SS"].as_array().into_iter().flatten();
    list.chain(set).filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

/// Adds the copies to the totals of their lists.
async fn add_to_list_totals(fixture: &Fixture, lists: HashMap<String, i64>) {
    for (list, count) in lists {
        let key = ListTotal::key(&ListKey::of(list));
        fixture
            .app
            .dynamodb()
            .update_item()
            .table_name(fixture.table())
            .key("pk", AttributeValue::S(key.pk))
            .key("sk", AttributeValue::S(key.sk))
            .update_expression("ADD #count :count")
            .expression_attribute_names("#count", ListTotal::COUNT)
            .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
            .send()
            .await
            .expect("the total is updated");
    }
}
