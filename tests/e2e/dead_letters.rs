//! Dead letters over HTTP: recorded, read, redriven and removed.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule, Service};
use serde_json::{Value, json};
use shared::domain::user::Role;
use test_support::app::{TestResponse, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

use crate::crashes::settle;
use crate::message_delivery::order_created;

/// A running stack with an administrator.
struct Fixture {
    app: TestApp,
    admin: TestUser,
}

impl Fixture {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let admin = app.user_with_role("admin", Role::Admin).await;
        Self { app, admin }
    }

    async fn get(&self, path: &str) -> TestResponse {
        self.app.request(Method::GET, path).by(&self.admin).send().await
    }

    /// Waits for `count` dead letters of the fulfilment queue with this status.
    async fn wait_for_dead_letters(&self, status: &str, count: usize) -> Vec<Value> {
        let path = format!("/v1/dead-letters?queue=fulfilment&status={status}&limit=100");
        let poll = || async {
            let list = self.get(&path).await.data(StatusCode::OK);
            list.as_array().cloned().filter(|dead_letters| dead_letters.len() == count)
        };
        eventually(&format!("{count} dead letters are {status}"), poll).await
    }

    /// Redrives a dead letter.
    async fn redrive(&self, dead_letter: &Value) -> TestResponse {
        let path = format!("{}/redrive", path(dead_letter));
        self.app
            .request(Method::POST, &path)
            .by(&self.admin)
            .key(&local::system::aws_ids::uuid())
            .send()
            .await
    }

    /// Redrives all dead letters of the fulfilment queue in batches, and returns their ids.
    async fn redrive_all(&self) -> Vec<String> {
        let (mut redriven, body) = (Vec::new(), json!({ "queue": "fulfilment" }));
        loop {
            let request = self.app.request(Method::POST, "/v1/dead-letters/redrive").by(&self.admin);
            let response =
                request.key(&local::system::aws_ids::uuid()).json(&body).send().await.data(StatusCode::OK);
            redriven.extend(response["redriven"].as_array().unwrap().iter().map(text));
            if response["left"] == 0 {
                return redriven;
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn path(dead_letter: &Value) -> String {
    format!("/v1/dead-letters/{}", dead_letter["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn redriven_poison_message_is_dead_again_and_removed() {
    let fixture = Fixture::open().await;
    let poison = r#"{"type":"order.created","by":"unknown-caller"}"#;
    fixture.app.send_message("FulfilmentQueue", poison).await;
    let dead_letter = fixture.wait_for_dead_letters("dead", 1).await.remove(0);
    let recorded = fixture.get(&path(&dead_letter)).await.data(StatusCode::OK);
    assert_eq!(
        (&recorded["body"], &recorded["attempts"], &recorded["version"]),
        (&json!(poison), &json!(1), &json!(1))
    );

    assert_eq!(fixture.redrive(&dead_letter).await.data(StatusCode::OK)["status"], "redriven");
    let dead_again = fixture.wait_for_dead_letters("dead", 1).await.remove(0);
    assert_eq!((&dead_again["id"], &dead_again["version"]), (&dead_letter["id"], &json!(3)));
    assert_eq!(dead_again["redrives"][0]["by"], fixture.admin.id);
    fixture.app.wait_until_idle().await;
    let tag = fixture.get(&path(&dead_letter)).await.headers["etag"].to_str().unwrap().to_owned();
    let remove = fixture.app.request(Method::DELETE, &path(&dead_letter)).by(&fixture.admin);
    assert_eq!(remove.header("if-match", &tag).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(fixture.get(&path(&dead_letter)).await.status, StatusCode::NOT_FOUND);
    let removed = fixture.wait_for_dead_letters("removed", 1).await.remove(0);
    assert_eq!((&removed["id"], &removed["removed"]["by"]), (&dead_letter["id"], &json!(fixture.admin.id)));
    assert!(!MoneyAndStock::read(&fixture.app).await.dead_letters.remove(0).body.contains("unknown-caller"));
}

#[tokio::test(flavor = "multi_thread")]
async fn message_redriven_twice_takes_effect_once() {
    let fixture = Fixture::open().await;
    let app = &fixture.app;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    let mut orders = Vec::new();
    for n in 0..20 {
        let placed = app.order(&buyer, &format!("k{n}"), &product, 1, Some("pm_card_visa")).await;
        let order = placed.data(StatusCode::CREATED);
        app.wait_for_order(&buyer, order["id"].as_str().unwrap(), &["confirmed"]).await;
        app.send_message("FulfilmentDeadLetters", &order_created(&order)).await;
        orders.push(text(&order["id"]));
    }
    let dead_letters = fixture.wait_for_dead_letters("dead", 20).await;
    let recorded: BTreeSet<String> =
        dead_letters.iter().map(|dead_letter| text(&dead_letter["id"])).collect();

    let (first, second) = tokio::join!(fixture.redrive_all(), fixture.redrive_all());
    let redriven: Vec<String> = first.into_iter().chain(second).collect();
    assert_eq!((redriven.len(), redriven.into_iter().collect()), (20, recorded));
    assert_eq!(fixture.redrive_all().await, Vec::<String>::new());
    for dead_letter in &dead_letters {
        assert_eq!(fixture.redrive(dead_letter).await.code(StatusCode::CONFLICT), "INVALID_STATE");
    }
    app.wait_until_idle().await;
    assert_eq!(fixture.wait_for_dead_letters("redriven", 20).await.len(), 20);
    let ledger = app.stack().payments().ledger();
    assert!(orders.iter().all(|order| ledger.captures_of(order).len() == 1));
    let expectations = Expectations { stocked: [(product, 100)].into(), acknowledged: orders };
    assert_eq!(MoneyAndStock::read(app).await.violations(&expectations, &ledger), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn order_of_a_redriven_message_is_fulfilled_once() {
    let fixture = Fixture::open().await;
    let app = &fixture.app;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 100).await;
    let killed = Rule::new("queue-fulfilment", Fault::KillBefore).service(Service::DynamoDb).times(1_000);
    app.stack().faults().inject(killed);
    let placed = app.order(&buyer, "k1", &product, 1, Some("pm_card_visa")).await;
    let order = text(&placed.data(StatusCode::CREATED)["id"]);
    let dead = || async {
        app.stack().redeliver().await;
        let list = fixture.get("/v1/dead-letters?queue=fulfilment&status=dead").await.data(StatusCode::OK);
        list.as_array().and_then(|dead_letters| dead_letters.first().cloned())
    };
    let dead_letter = eventually("the message is dead-lettered", dead).await;
    assert_eq!(
        (app.get_order(&buyer, &order).await["status"].as_str(), &dead_letter["attempts"]),
        (Some("pending"), &json!(5))
    );

    app.stack().faults().clear();
    assert_eq!(fixture.redrive(&dead_letter).await.status, StatusCode::OK);
    app.wait_for_order(&buyer, &order, &["confirmed"]).await;
    settle(app).await;
    let ledger = app.stack().payments().ledger();
    assert_eq!(ledger.captures_of(&order).len(), 1);
    let expectations = Expectations { stocked: [(product, 100)].into(), acknowledged: vec![order] };
    assert_eq!(MoneyAndStock::read(app).await.violations(&expectations, &ledger), Vec::<String>::new());
}
