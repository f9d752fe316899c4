//! Terms of names after events of markets, products and accounts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::market::{Market, MarketEvent, MarketStatus};
use shared::domain::product::ProductStatus;
use shared::domain::product::delete::DeleteProduct;
use shared::domain::product::update::{ProductChanges, UpdateProduct};
use shared::domain::user::{User, UserEvent};
use shared::repository::market::MarketReader;
use shared::repository::user::UserReader;
use test_support::fixture::{BUYER, MARKET, PRODUCT, buyer, id, seller};
use test_support::request_recorder::client;

use super::{Fixture, market_changed, message, product_changed};

impl Fixture {
    /// Names and titles in the summaries of all terms, by partition and word.
    async fn name_terms(&self) -> BTreeMap<(String, String), String> {
        let table = &self.marketplace.table;
        let dynamodb = client(&table.stack().dynamodb_endpoint(), None);
        let pages = dynamodb.scan().table_name(table.name()).into_paginator().items().send();
        let items = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let terms = items.iter().filter(|item| item["kind"].as_s().unwrap() == "name-term");
        let terms = terms.map(|item| {
            let text = |name: &str| item[name].as_s().unwrap().clone();
            let name = if item.contains_key("name") { "name" } else { "title" };
            (key(&text("pk"), &text("sk")), text(name))
        });
        terms.collect()
    }

    async fn rename(&self, name: &str) {
        let market = self.marketplace.reader.market(id(MARKET)).await.unwrap().unwrap();
        let (version, market_id) = (market.version.next(), market.id);
        let changed = Market { name: name.parse().unwrap(), version, ..market };
        self.marketplace.put_entity(changed, MarketEvent::Changed { market_id }).await;
    }
}

/// List and word of a term.
fn key(partition: &str, sort: &str) -> (String, String) {
    let (word, _) = sort.split_once('#').unwrap();
    (partition.strip_prefix("names#").unwrap().to_owned(), word.to_owned())
}

fn terms(list: &str, words: &[&str], name: &str) -> BTreeMap<(String, String), String> {
    words.iter().map(|word| ((list.to_owned(), (*word).to_owned()), name.to_owned())).collect()
}

fn user_changed() -> Value {
    message("user.changed", BUYER, &json!({ "userId": BUYER }))
}

#[tokio::test]
async fn market_has_a_term_for_each_word_of_its_name() {
    let fixture = Fixture::open().await;
    fixture.index(&[market_changed()]).await;
    let words = ["and", "more", "mugs"];
    assert_eq!(fixture.name_terms().await, terms("markets#active", &words, "Mugs and more"));
    fixture.rename("More cups").await;
    fixture.index(&[market_changed(), market_changed()]).await;
    assert_eq!(fixture.name_terms().await, terms("markets#active", &["cups", "more"], "More cups"));
    fixture.marketplace.set_market_status(MARKET, MarketStatus::Closed).await;
    fixture.index(&[market_changed()]).await;
    assert_eq!(fixture.name_terms().await, terms("markets#closed", &["cups", "more"], "More cups"));
}

#[tokio::test]
async fn product_has_a_term_for_each_word_of_its_title() {
    let fixture = Fixture::open().await;
    let list = |status: &str| format!("market#{MARKET}#products#{status}");
    fixture.index(&[product_changed()]).await;
    assert_eq!(fixture.name_terms().await, terms(&list("active"), &["mug"], "Mug"));
    let update = |changes| UpdateProduct { id: id(PRODUCT), by: seller(), expected: None, changes };
    let title = Some("Large mug".parse().unwrap());
    let changes =
        ProductChanges { title, status: Some(ProductStatus::Archived), ..ProductChanges::default() };
    fixture.marketplace.run(update(changes)).await;
    fixture.index(&[product_changed()]).await;
    assert_eq!(fixture.name_terms().await, terms(&list("archived"), &["large", "mug"], "Large mug"));
    fixture.marketplace.run(DeleteProduct { id: id(PRODUCT), by: seller(), expected: None }).await;
    fixture
        .index(&[message("product.deleted", PRODUCT, &json!({ "productId": PRODUCT, "marketId": MARKET }))])
        .await;
    assert!(fixture.name_terms().await.is_empty());
}

#[tokio::test]
async fn account_has_terms_until_it_is_deleted() {
    let fixture = Fixture::open().await;
    fixture.index(&[user_changed()]).await;
    assert_eq!(fixture.name_terms().await, terms("accounts#user#active", &["buyer"], "buyer"));
    fixture.marketplace.delete_account(buyer()).await;
    fixture.index(&[message("user.deleted", BUYER, &json!({ "userId": BUYER }))]).await;
    assert!(fixture.name_terms().await.is_empty());
    // Later than the deletion, and of an earlier version.
    fixture.index(&[user_changed()]).await;
    assert!(fixture.name_terms().await.is_empty());
}

#[tokio::test]
async fn name_terms_are_written_only_if_the_summary_changes() {
    let fixture = Fixture::open().await;
    fixture.index(&[user_changed()]).await;
    let user = fixture.marketplace.reader.user(id(BUYER)).await.unwrap().unwrap();
    let event = UserEvent::Changed { user_id: user.id };
    let (session_epoch, version) = (user.session_epoch.next(), user.version.next());
    fixture.marketplace.put_entity(User { session_epoch, version, ..user.clone() }, event.clone()).await;
    fixture.requests.take();
    fixture.index(&[user_changed()]).await;
    assert_eq!(fixture.requests.take(), ["BatchGetItem", "TransactWriteItems"], "the name entry");
    fixture.index(&[user_changed()]).await;
    assert_eq!(fixture.requests.take(), ["BatchGetItem"], "this version is indexed");
    let version = version.next();
    fixture.marketplace.put_entity(User { email_verified: true, version, ..user }, event).await;
    fixture.index(&[user_changed()]).await;
    assert_eq!(fixture.name_terms().await, terms("accounts#user#active", &["buyer"], "buyer"));
}
