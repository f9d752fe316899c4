//! Data exports: complete, exact despite kills, and without secrets or data of other users.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule};
use serde_json::{Value, json};
use test_support::TestUser;

use crate::jobs::fixture::{Fixture, REPORTS};

impl Fixture {
    /// Exports the data of a user; the worker is killed twice.
    async fn export(&self, by: &TestUser) -> String {
        for (nth, fault) in [(3, Fault::KillAfter), (5, Fault::KillBefore)] {
            let kill = Rule::new(REPORTS, fault).operation("TransactWriteItems").nth(nth);
            self.app.stack().faults().inject(kill);
        }
        let request = self.app.request(Method::POST, "/v1/jobs").by(by).key("export");
        let created = request.json(&json!({ "type": "data_export", "params": {} })).send().await;
        let location = created.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(created.data(StatusCode::ACCEPTED)["maxAttempts"], 3);
        self.wait_until_succeeded_by(by, &location).await;
        let result = self.app.request(Method::GET, &format!("{location}/result")).by(by).send().await;
        assert_eq!(result.headers["content-type"], "application/jsonl");
        result.text
    }
}

/// Values of a field of the rows of a type.
fn values<'a>(rows: &'a [Value], kind: &str, field: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["type"] == kind).map(|row| &row["data"][field]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn export_contains_own_data_and_no_secrets_or_foreign_data() {
    let fixture = Fixture::open(4, "2", "0").await;
    let canary = fixture.app.register("canary-of-another-user").await;
    let order = fixture.app.order(&canary, "canary", &fixture.product, 1, Some("pm_card_visa")).await;
    let foreign_order = order.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    fixture.app.wait_until_idle().await;
    let text = fixture.export(&fixture.buyer).await;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(values(&rows, "profile", "email"), [&fixture.buyer.email]);
    assert_eq!(values(&rows, "session", "id").len(), 1);
    assert_eq!(values(&rows, "order", "id").len(), 4);
    // One of the four cards is declined.
    assert_eq!(values(&rows, "payment", "orderId").len(), 3);
    assert_eq!(values(&rows, "job", "status"), ["running"]);
    for other in ["canary", "seller@", canary.id.as_str(), fixture.seller.id.as_str(), &foreign_order] {
        assert!(!text.contains(other), "{other} in {text}");
    }
    for secret in ["argon2", "password", "token", "hash", "pm_card", "pi_"] {
        assert!(!text.to_lowercase().contains(secret), "{secret} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn export_of_a_seller_contains_markets_and_products() {
    let fixture = Fixture::open(2, "250", "0").await;
    let text = fixture.export(&fixture.seller).await;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(values(&rows, "market", "id"), [&fixture.market]);
    assert_eq!(values(&rows, "product", "id"), [&fixture.product]);
    assert!(values(&rows, "order", "id").is_empty(), "orders belong to their buyers");
    assert!(!text.contains(&fixture.buyer.id));
}
