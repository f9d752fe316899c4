//! Messages that could not be processed, over the real binaries: recorded, read, put right, tried again.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::app::{Answer, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

use crate::crashes::settle;
use crate::message_delivery::order_created;

/// A shop, and who looks after what goes wrong in it.
struct Fixture {
    shop: TestApp,
    admin: TestUser,
}

impl Fixture {
    async fn open() -> Self {
        let shop = TestApp::open().await;
        let admin = shop.user_with_role("admin", Role::Admin).await;
        Self { shop, admin }
    }

    async fn get(&self, path: &str) -> Answer {
        self.shop.ask(Method::GET, path).by(&self.admin).send().await
    }

    /// The letters of orders with this status, once there are so many.
    async fn letters(&self, status: &str, count: usize) -> Vec<Value> {
        let path = format!("/v1/dead-letters?queue=fulfilment&status={status}&limit=100");
        let look = || async {
            let list = self.get(&path).await.data(StatusCode::OK);
            list.as_array().cloned().filter(|letters| letters.len() == count)
        };
        eventually(&format!("{count} letters are {status}"), look).await
    }

    /// Has one letter redriven.
    async fn redrive(&self, letter: &Value) -> Answer {
        let path = format!("{}/redrive", path(letter));
        self.shop.ask(Method::POST, &path).by(&self.admin).key(&local::system::aws_ids::uuid()).send().await
    }

    /// Has the letters of orders redriven, portion by portion, until nothing is left; says which.
    async fn redrive_all(&self) -> Vec<String> {
        let (mut redriven, body) = (Vec::new(), json!({ "queue": "fulfilment" }));
        loop {
            let ask = self.shop.ask(Method::POST, "/v1/dead-letters/redrive").by(&self.admin);
            let answer =
                ask.key(&local::system::aws_ids::uuid()).json(&body).send().await.data(StatusCode::OK);
            redriven.extend(answer["redriven"].as_array().unwrap().iter().map(text));
            if answer["left"] == 0 {
                return redriven;
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn path(letter: &Value) -> String {
    format!("/v1/dead-letters/{}", letter["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_is_read_redriven_dies_again_and_is_removed() {
    let desk = Fixture::open().await;
    let poison = r#"{"type":"order.created","by":"nobody"}"#;
    desk.shop.send_message("FulfilmentQueue", poison).await;
    let letter = desk.letters("dead", 1).await.remove(0);
    let shown = desk.get(&path(&letter)).await.data(StatusCode::OK);
    assert_eq!(
        (&shown["body"], &shown["attempts"], &shown["version"]),
        (&json!(poison), &json!(1), &json!(1))
    );

    assert_eq!(desk.redrive(&letter).await.data(StatusCode::OK)["status"], "redriven");
    let died = desk.letters("dead", 1).await.remove(0);
    assert_eq!((&died["id"], &died["version"]), (&letter["id"], &json!(3)));
    assert_eq!(died["redrives"][0]["by"], desk.admin.id);
    desk.shop.wait_until_idle().await;
    let tag = desk.get(&path(&letter)).await.headers["etag"].to_str().unwrap().to_owned();
    let remove = desk.shop.ask(Method::DELETE, &path(&letter)).by(&desk.admin);
    assert_eq!(remove.header("if-match", &tag).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.get(&path(&letter)).await.status, StatusCode::NOT_FOUND);
    let removed = desk.letters("removed", 1).await.remove(0);
    assert_eq!((&removed["id"], &removed["removed"]["by"]), (&letter["id"], &json!(desk.admin.id)));
    assert!(!MoneyAndStock::read(&desk.shop).await.dead_letters.remove(0).body.contains("nobody"));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_redriven_twice_have_one_effect_each() {
    let desk = Fixture::open().await;
    let shop = &desk.shop;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 100).await;
    let mut orders = Vec::new();
    for n in 0..20 {
        let placed = shop.order(&buyer, &format!("k{n}"), &product, 1, Some("pm_card_visa")).await;
        let order = placed.data(StatusCode::CREATED);
        shop.order_in(&buyer, order["id"].as_str().unwrap(), &["confirmed"]).await;
        shop.send_message("FulfilmentDeadLetters", &order_created(&order)).await;
        orders.push(text(&order["id"]));
    }
    let letters = desk.letters("dead", 20).await;
    let recorded: BTreeSet<String> = letters.iter().map(|letter| text(&letter["id"])).collect();

    let (first, second) = tokio::join!(desk.redrive_all(), desk.redrive_all());
    let redriven: Vec<String> = first.into_iter().chain(second).collect();
    assert_eq!((redriven.len(), redriven.into_iter().collect()), (20, recorded));
    assert_eq!(desk.redrive_all().await, Vec::<String>::new());
    for letter in &letters {
        assert_eq!(desk.redrive(letter).await.code(StatusCode::CONFLICT), "INVALID_STATE");
    }
    shop.wait_until_idle().await;
    assert_eq!(desk.letters("redriven", 20).await.len(), 20);
    let ledger = shop.stack().payments().ledger();
    assert!(orders.iter().all(|order| ledger.captures_of(order).len() == 1));
    let journal = Expectations { stocked: [(product, 100)].into(), acknowledged: orders };
    assert_eq!(MoneyAndStock::read(shop).await.violations(&journal, &ledger), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_message_died_with_a_table_that_did_not_answer_is_fulfilled_once_it_is_redriven() {
    let desk = Fixture::open().await;
    let shop = &desk.shop;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 100).await;
    let commits = Rule::new("queue-fulfilment", Fault::throttled()).service(Service::DynamoDb).times(1_000);
    shop.stack().faults().inject(commits);
    let placed = shop.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await;
    let order = text(&placed.data(StatusCode::CREATED)["id"]);
    let died = || async {
        shop.stack().redeliver().await;
        let list = desk.get("/v1/dead-letters?queue=fulfilment&status=dead").await.data(StatusCode::OK);
        list.as_array().and_then(|letters| letters.first().cloned())
    };
    let letter = eventually("the message dies", died).await;
    assert_eq!(
        (shop.get_order(&buyer, &order).await["status"].as_str(), &letter["attempts"]),
        (Some("pending"), &json!(5))
    );

    shop.stack().faults().clear();
    assert_eq!(desk.redrive(&letter).await.status, StatusCode::OK);
    shop.order_in(&buyer, &order, &["confirmed"]).await;
    settle(shop).await;
    let ledger = shop.stack().payments().ledger();
    assert_eq!(ledger.captures_of(&order).len(), 1);
    let journal = Expectations { stocked: [(product, 100)].into(), acknowledged: vec![order] };
    assert_eq!(MoneyAndStock::read(shop).await.violations(&journal, &ledger), Vec::<String>::new());
}
