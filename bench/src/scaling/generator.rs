//! Tables of any size: what the functions wrote about some people, markets, products and orders is written again about
//! others like them, past the functions, which would take days.
//!
//! A copy has everything that the pattern has (tallies, postings, claims, its place in every list), under ids of its own.
//! The copies of products are products of the same market, those of orders are the same buyer's: the lists that are read
//! while something is measured are the ones that grow.

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

/// The kinds of things that there are more and more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Market,
    Product,
    Order,
}

/// How many copies of each kind are made in a round: orders are what a shop has most of.
const ROUND: [(Kind, usize); 4] = [(Kind::User, 1), (Kind::Market, 1), (Kind::Product, 4), (Kind::Order, 8)];

/// How long ago copies were made at most, in milliseconds.
const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;

/// Copies that are written at a time.
const PORTION: usize = 20_000;

/// One thing, with all that was written about it.
struct ItemTemplate {
    kind: Kind,
    id: String,
    /// What nobody else may have: a SKU, an address.
    claim: Option<String>,
    /// Its items, in DynamoDB's JSON.
    items: String,
    /// The lists that it is counted in.
    lists: Vec<String>,
}

/// Patterns, and what was made of them.
pub struct ItemGenerator {
    patterns: Vec<ItemTemplate>,
    chance: Rng,
    /// Items that the table holds.
    items: usize,
    copies: usize,
}

impl ItemGenerator {
    /// Has the functions write patterns, and reads what they wrote.
    ///
    /// # Panics
    /// If they refuse something.
    pub async fn gather(stage: &Fixture, seed: u64) -> Self {
        let mut found = Vec::new();
        for (number, ware) in PRODUCT_WORDS.iter().enumerate() {
            let name = format!("pattern{number}");
            found.push((
                Kind::User,
                stage.shop.customer(&name).await.id,
                Some(format!("{name}@example.com")),
            ));
            let market = json!({ "name": format!("{ware} and more"), "currency": "EUR" });
            let market = stage.post(&stage.seller, "/v1/markets", &market, StatusCode::CREATED).await;
            found.push((Kind::Market, id(&market["id"]), None));
            let sku = format!("PATTERN-{number}-X");
            let price = json!({ "amount": 999, "currency": "EUR" });
            let title = format!("{ware} mug");
            let product = json!({ "sku": sku, "title": title, "price": price, "stock": 1_000_000 });
            let products = format!("/v1/markets/{}/products", stage.market);
            let product = stage.post(&stage.seller, &products, &product, StatusCode::CREATED).await;
            found.push((Kind::Product, id(&product["id"]), Some(sku)));
            for order in 0..4 {
                found.push((Kind::Order, stage.place(&format!("pattern-{number}-{order}")).await, None));
            }
        }
        stage.drain_queues().await;
        let table: BTreeMap<String, Value> = stage.items();
        let patterns = found.into_iter().map(|(kind, id, claim)| ItemTemplate::of(&table, kind, (id, claim)));
        let patterns = patterns.collect();
        Self { patterns, chance: Rng::with_seed(seed), items: table.len(), copies: 0 }
    }

    /// Adds copies until the table holds so many items.
    ///
    /// # Panics
    /// If the table does not take them.
    pub async fn grow(&mut self, stage: &Fixture, items: usize) {
        let mut lists: HashMap<String, i64> = HashMap::new();
        let mut left = items.saturating_sub(self.items);
        self.items += left;
        while left > 0 {
            let mut portion = Vec::new();
            while portion.len() < left.min(PORTION) {
                for (kind, count) in ROUND {
                    for _ in 0..count {
                        let (pattern, _, copy) = self.copy(kind);
                        for list in &pattern.lists {
                            *lists.entry(list.clone()).or_default() += 1;
                        }
                        portion.extend(copy);
                    }
                }
            }
            left = left.saturating_sub(portion.len());
            stage.fill(portion);
        }
        lengthen(stage, lists).await;
    }

    /// Adds so many orders of which nobody has heard, and gives what there is to hear.
    pub fn orders_with_unpublished_events(
        &mut self,
        stage: &Fixture,
        told: &OutboxEvent,
        orders: usize,
    ) -> Vec<String> {
        let order = told_of(told);
        let mut heard = Vec::with_capacity(orders);
        let mut portion = Vec::new();
        for _ in 0..orders {
            let (_, id, copy) = self.copy(Kind::Order);
            portion.extend(copy.into_iter().filter(|item| item["sk"]["S"] != "tally"));
            heard.push(told.body.replace(&order, &id));
            if portion.len() >= PORTION {
                stage.fill(std::mem::take(&mut portion));
            }
        }
        stage.fill(portion);
        heard
    }

    /// A copy of one of a kind, with its id.
    fn copy(&mut self, kind: Kind) -> (&ItemTemplate, String, Vec<Value>) {
        let of_kind: Vec<&ItemTemplate> =
            self.patterns.iter().filter(|pattern| pattern.kind == kind).collect();
        let pattern = of_kind[self.chance.usize(..of_kind.len())];
        let id = kind.id(&mut self.chance);
        self.copies += 1;
        let copy = pattern.copy(&id, &kind.claim(self.copies));
        (pattern, id, copy)
    }
}

/// The order that an event speaks of.
fn told_of(event: &OutboxEvent) -> String {
    let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    body["data"]["orderId"].as_str().unwrap_or_default().to_owned()
}

/// What names of markets and products are made of, besides what all of them have.
const PRODUCT_WORDS: [&str; 8] =
    ["Blue", "Green", "Large", "Small", "Travel", "Enamel", "Thermo", "Porcelain"];

impl ItemTemplate {
    fn of(table: &BTreeMap<String, Value>, kind: Kind, (id, claim): (String, Option<String>)) -> Self {
        let is_about = |(key, item): &(&String, &Value)| {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
            let (pk, sk) = (text("pk"), text("sk"));
            let passing = ["outbox#", "receipt#", "limit#", "lease#", "dispatch#", "total#"];
            let claims = sk.starts_with("sku#") || pk.starts_with("email#");
            let stays = !passing.iter().any(|prefix| pk.starts_with(prefix)) && !sk.starts_with("session#");
            stays && (key.contains(&id) || claims && item.to_string().contains(&id))
        };
        let items: Vec<&Value> = table.iter().filter(is_about).map(|(_, item)| item).collect();
        let lists =
            items.iter().filter(|item| item["sk"]["S"] == "tally").flat_map(|tally| texts(&tally["lists"]));
        Self { kind, id, claim, items: json!(items).to_string(), lists: lists.collect() }
    }

    /// The items of another thing like this one.
    fn copy(&self, id: &str, claim: &str) -> Vec<Value> {
        let text = self.items.replace(&self.id, id);
        let text = self.claim.as_ref().map_or(text.clone(), |own| text.replace(own, claim));
        serde_json::from_str(&text).expect("ids and claims need no escaping")
    }
}

/// A number that was drawn.
#[derive(Debug, Clone, Copy)]
struct Drawn(u128);

impl Entropy for Drawn {
    fn random(&self) -> u128 {
        self.0
    }
}

impl Kind {
    fn id(self, chance: &mut Rng) -> String {
        let at = Timestamp::from_millis(SystemClock.now().as_millis() - chance.i64(..YEAR));
        let drawn = Drawn(chance.u128(..));
        match self {
            Self::User => UserId::generate(at, &drawn).to_string(),
            Self::Market => MarketId::generate(at, &drawn).to_string(),
            Self::Product => ProductId::generate(at, &drawn).to_string(),
            Self::Order => OrderId::generate(at, &drawn).to_string(),
        }
    }

    /// What nobody else claims.
    fn claim(self, number: usize) -> String {
        match self {
            Self::User => format!("copy{number}@example.com"),
            Self::Market | Self::Product | Self::Order => format!("COPY-{number}"),
        }
    }
}

/// The texts of a list or a set.
fn texts(value: &Value) -> Vec<String> {
    let list = value["L"].as_array().into_iter().flatten().map(|text| &text["S"]);
    let set = value["SS"].as_array().into_iter().flatten();
    list.chain(set).filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

/// Counts the copies in the lists that they stand in.
async fn lengthen(stage: &Fixture, lists: HashMap<String, i64>) {
    for (list, count) in lists {
        let key = ListTotal::key(&ListKey::of(list));
        stage
            .shop
            .dynamodb()
            .update_item()
            .table_name(stage.table())
            .key("pk", AttributeValue::S(key.pk))
            .key("sk", AttributeValue::S(key.sk))
            .update_expression("ADD #count :count")
            .expression_attribute_names("#count", ListTotal::COUNT)
            .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
            .send()
            .await
            .expect("the table counts");
    }
}
