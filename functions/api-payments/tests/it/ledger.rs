//! `GET /v1/markets/{id}/balance`, `GET /v1/markets/{id}/ledger` and `GET /v1/ledger/trial-balance`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use shared::domain::market::create::InitialStatus;
use shared::domain::values::actor::Actor;
use shared::projections::tally::count::CountEntities;
use test_support::fixture::{MARKET, ORDER, admin, buyer, id, moderator, new_id, seller, stranger};
use test_support::lambda_event::masked;

use super::{Payments, capture};

fn balance(market: &str) -> String {
    format!("/v1/markets/{market}/balance")
}

fn entries(parameters: &str) -> String {
    format!("/v1/markets/{MARKET}/ledger{parameters}")
}

impl Payments {
    /// With a paid order, of which the seller refunds 10.00 EUR.
    async fn refunding() -> Self {
        let payments = Self::charging().await;
        payments.marketplace.advance(capture()).await;
        payments.marketplace.refund_by_seller(Some(1_000)).await;
        payments
    }

    /// Counts the order, as the consumer of its events does.
    async fn count(&self) {
        let mut count = CountEntities::default();
        count.order(id(ORDER), id(MARKET));
        self.marketplace.run(count).await;
    }

    async fn balance(&self, by: Actor) -> Value {
        self.api.get(&balance(MARKET)).by(by).await.json()["data"].clone()
    }

    async fn listed(&self, parameters: &str) -> Vec<Value> {
        let response = self.api.get(&entries(parameters)).by(seller()).await;
        assert_eq!(response.status, 200, "{parameters}: {}", response.json());
        response.json()["data"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn balance_is_that_of_the_counted_orders() {
    let payments = Payments::refunding().await;
    let empty = payments.balance(seller()).await;
    assert_eq!(empty, json!({ "marketId": MARKET, "balances": [] }));
    payments.count().await;
    assert_json_snapshot!("balance", payments.balance(seller()).await);
    payments.marketplace.refund_made(1).await;
    payments.count().await;
    payments.count().await;
    let counted = payments.balance(moderator()).await;
    assert_eq!(counted["balances"][0]["available"], json!({ "amount": 2_998, "currency": "EUR" }));
    assert_eq!(counted["balances"][0]["refundsOwed"]["amount"], 0);
}

#[tokio::test]
async fn money_of_a_market_is_visible_to_its_seller_and_operators() {
    let payments = Payments::refunding().await;
    payments.marketplace.user(admin(), "admin").await;
    let draft: String = new_id::<shared::domain::market::Market>().to_string();
    payments.marketplace.market(&draft, seller(), InitialStatus::Draft).await;
    for path in [balance(MARKET), entries("")] {
        for actor in [seller(), moderator(), admin()] {
            assert_eq!(payments.api.get(&path).by(actor).await.status, 200, "{path} {actor:?}");
        }
        for actor in [buyer(), stranger()] {
            assert_eq!(payments.api.get(&path).by(actor).await.error(), (403, "FORBIDDEN"), "{path}");
        }
        assert_eq!(payments.api.get(&path).await.status, 401, "{path}");
        let hidden = payments.api.get(&path.replace(MARKET, &draft)).by(stranger()).await;
        assert_eq!(hidden.error(), (404, "NOT_FOUND"), "{path}");
    }
    payments.marketplace.delete_market().await;
    assert_eq!(payments.api.get(&entries("")).by(seller()).await.status, 200, "the market is deleted");
    assert_eq!(payments.api.get(&entries("")).by(stranger()).await.status, 404);
}

#[tokio::test]
async fn entries_of_an_order_are_listed_newest_first() {
    let payments = Payments::refunding().await;
    payments.marketplace.refund_made(1).await;
    let newest = payments.listed("").await;
    assert_json_snapshot!("entries", masked(&Value::Array(newest.clone()), None));
    let mut oldest = payments.listed("?sort=createdAt").await;
    oldest.reverse();
    assert_eq!(newest, oldest);
    assert_eq!(payments.listed(&format!("?orderId={ORDER}")).await, newest);
    let first = payments.api.get(&entries("?limit=1")).by(seller()).await.json();
    assert_eq!((&first["data"][0], &first["pagination"]["total"]), (&newest[0], &json!(newest.len())));
    let cursor = first["pagination"]["nextCursor"].as_str().unwrap();
    assert_eq!(payments.listed(&format!("?limit=1&cursor={cursor}")).await, newest[1..2]);
}

#[tokio::test]
async fn period_and_order_narrow_the_entries() {
    let payments = Payments::refunding().await;
    let all = payments.listed("?sort=createdAt").await;
    let last = all.last().unwrap()["createdAt"].as_str().unwrap();
    assert_eq!(payments.listed(&format!("?from={last}")).await.len(), 1);
    assert_eq!(payments.listed(&format!("?to={last}")).await.len(), all.len() - 1);
    assert_eq!(payments.listed("?from=2099-01-01T00:00:00Z").await, Vec::<Value>::new());
    let other = ORDER.replace("PQRS", "PQRT");
    assert_eq!(payments.listed(&format!("?orderId={other}")).await, Vec::<Value>::new());
    for (parameters, field) in [
        (format!("?from={last}&to={last}"), "to"),
        (format!("?orderId={ORDER}&from={last}"), "orderId"),
        ("?orderId=1".to_owned(), "orderId"),
        ("?sort=total".to_owned(), "sort"),
    ] {
        let refused = payments.api.get(&entries(&parameters)).by(seller()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{parameters}");
        assert!(refused.json()["error"]["fields"][field].is_string(), "{parameters}");
    }
}

#[tokio::test]
async fn entries_of_an_order_of_another_market_are_not_listed() {
    let payments = Payments::refunding().await;
    let market: String = new_id::<shared::domain::market::Market>().to_string();
    payments.marketplace.market(&market, stranger(), InitialStatus::Active).await;
    let path = format!("/v1/markets/{market}/ledger?orderId={ORDER}");
    let listed = payments.api.get(&path).by(stranger()).await;
    assert_eq!((listed.status.as_u16(), &listed.json()["data"]), (200, &json!([])));
}

#[tokio::test]
async fn trial_balance_adds_up_to_zero_for_operators() {
    let payments = Payments::refunding().await;
    payments.count().await;
    let response = payments.api.get("/v1/ledger/trial-balance").by(moderator()).await;
    assert_json_snapshot!("trial-balance", response.json()["data"]);
    let refused = payments.api.get("/v1/ledger/trial-balance").by(seller()).await;
    assert_eq!(refused.error(), (403, "FORBIDDEN"));
}
