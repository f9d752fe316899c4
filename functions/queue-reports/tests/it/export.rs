//! Data exports: they contain the data of the owner, and no data of other users.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::job::JobStatus;
use shared::domain::job::create::{CreateJob, RequestedWork};
use shared::domain::job::job_type::DataExport;
use shared::domain::market::Market;
use shared::domain::market::create::InitialStatus;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::session::start::StartSession;
use shared::domain::session::{SessionKey, TokenHash};
use shared::domain::user::{SessionEpoch, User, UserEvent};
use shared::domain::values::actor::Actor;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::repository::user::UserReader;
use test_support::fixture::{
    MARKET, PRODUCT, buyer, id, new_id, sales_report, seller, shipping_address, stranger,
};
use test_support::lambda_event::sqs_record;

use super::{Fixture, JOB};

impl Fixture {
    /// Exports the data of an account, over as many invocations as necessary, and returns the rows.
    async fn export(&self, by: Actor) -> Vec<Value> {
        let work = RequestedWork::DataExport(DataExport {});
        self.marketplace.run(CreateJob { by, work, ..sales_report(id(JOB)) }).await;
        let data = json!({ "jobId": JOB, "jobType": "data_export", "priority": "normal" });
        let event = json!({ "Records": [sqs_record("agora-reports-queue", "job.requested", JOB, &data)] });
        while self.handle(&event).await.is_requeued() {}
        assert_eq!(self.job().await.status, JobStatus::Succeeded);
        self.text().await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn start_session(&self, actor: Actor, token: &str) {
        let id = SessionKey { user_id: actor.user, session_id: new_id() };
        let (epoch, token) = (SessionEpoch::default(), TokenHash(token.to_owned()));
        let start = StartSession { id, epoch, token, network: None };
        self.marketplace.run(start).await;
    }
}

/// Values of `field` of the rows of a type.
fn values(rows: &[Value], kind: &str, field: &str) -> Vec<Value> {
    let of_kind = rows.iter().filter(|row| row["type"] == kind);
    of_kind.map(|row| row["data"][field].clone()).collect()
}

#[tokio::test]
async fn export_contains_all_data_of_the_account_and_no_secrets() {
    for time_slice in ["10", "0"] {
        let fixture = Fixture::open("1", time_slice).await;
        fixture.start_session(buyer(), "canary-token-hash").await;
        fixture.start_session(stranger(), "canary-token-hash").await;
        let mut orders = fixture.marketplace.place_orders(2).await;
        orders.sort_by_key(|order| order.id);
        let rows = fixture.export(buyer()).await;
        assert_eq!(values(&rows, "profile", "email"), ["buyer@example.com"]);
        assert_eq!(values(&rows, "session", "ended"), [Value::Null]);
        let ids: Vec<Value> = orders.iter().map(|order| json!(order.id)).collect();
        assert_eq!(values(&rows, "order", "id"), ids);
        assert_eq!(values(&rows, "order", "lines")[0][0]["quantity"], 1);
        assert_eq!(values(&rows, "job", "id"), [JOB]);
        assert_eq!(rows.len(), 5);
        let text = fixture.text().await;
        for canary in ["canary", "hash", "seller@", "stranger@", "password", "fulfilment"] {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
        assert!(!text.contains(&seller().user.to_string()), "the seller is another user");
    }
}

#[tokio::test]
async fn pending_address_of_the_account_is_exported() {
    let fixture = Fixture::open("250", "10").await;
    let user = fixture.marketplace.reader.user(buyer().user).await.unwrap().unwrap();
    let pending_email = Some("new@example.com".parse().unwrap());
    let (version, event) = (user.version.next(), UserEvent::Registered { user_id: user.id });
    fixture.marketplace.put_entity(User { version, pending_email, ..user }, event).await;
    let rows = fixture.export(buyer()).await;
    assert_eq!(values(&rows, "profile", "email"), ["buyer@example.com"]);
    assert_eq!(values(&rows, "profile", "pendingEmail"), ["new@example.com"]);
}

#[tokio::test]
async fn export_contains_the_delivery_addresses_of_the_buyer() {
    let fixture = Fixture::open("250", "10").await;
    let now = SystemClock.now();
    let (recent, old) = (new_id(), new_id());
    fixture.marketplace.place_orders(1).await;
    fixture.marketplace.shipped_order_at(now, recent).await;
    fixture.marketplace.shipped_order_at(now.saturating_sub(Duration::from_hours(24 * 401)), old).await;
    let rows = fixture.export(buyer()).await;
    let mut addresses = values(&rows, "order", "shippingAddress");
    addresses.retain(|address| !address.is_null());
    assert_eq!(addresses, [serde_json::to_value(shipping_address()).unwrap()], "one is to be erased");
}

#[tokio::test]
async fn export_of_a_seller_contains_markets_but_no_orders_of_buyers() {
    let fixture = Fixture::open("1", "0").await;
    fixture.marketplace.place_orders(2).await;
    let other = new_id::<Market>().to_string();
    fixture.marketplace.market(&other, seller(), InitialStatus::Active).await;
    let rows = fixture.export(seller()).await;
    let mut markets = vec![json!(MARKET), json!(other)];
    markets.sort_by_key(ToString::to_string);
    assert_eq!(values(&rows, "market", "id"), markets);
    assert_eq!(values(&rows, "product", "id"), [PRODUCT]);
    assert!(values(&rows, "order", "id").is_empty());
    assert!(!fixture.text().await.contains(&buyer().user.to_string()));
}

#[tokio::test]
async fn payment_of_an_own_order_is_exported() {
    let fixture = Fixture::open("250", "10").await;
    let order = fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.marketplace.advance(FulfilmentTransition::Reserve).await;
    let capture = Capture { gateway_id: GatewayId("pi_canary".to_owned()), amount: order.total() };
    fixture.marketplace.advance(FulfilmentTransition::Captured(capture)).await;
    let rows = fixture.export(buyer()).await;
    assert_eq!(values(&rows, "payment", "orderId"), [json!(order.id)]);
    assert_eq!(values(&rows, "payment", "captured"), [json!(order.total())]);
    assert_eq!(values(&rows, "order", "status"), ["confirmed"]);
    assert!(!fixture.text().await.contains("pi_"), "identifiers of the gateway are not exported");
}

#[tokio::test]
async fn long_section_is_split_into_chunks_without_loss() {
    let fixture = Fixture::open("250", "10").await;
    let mut orders = Vec::new();
    for _ in 0..12 {
        orders.extend(fixture.marketplace.place_orders(10).await);
    }
    orders.sort_by_key(|order| order.id);
    let rows = fixture.export(buyer()).await;
    let ids: Vec<Value> = orders.iter().map(|order| json!(order.id)).collect();
    assert_eq!(values(&rows, "order", "id"), ids);
}
