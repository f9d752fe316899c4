use std::path::PathBuf;

use super::{CHARGE, Fixture, KEY, SECRET, receiver};
use crate::{Effect, ManualClock, Operation, Rule, Sandbox};

/// Temporary folder with a journal, deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("payments-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> Fixture {
        let clock = ManualClock::starting_at(jiff::Timestamp::from_second(1_700_000_000).unwrap());
        let journal = self.0.join("payments.jsonl");
        Fixture { sandbox: Sandbox::persistent_at(clock.clock(), &journal, KEY, SECRET).unwrap(), clock }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn state_is_restored_after_reopening() {
    let folder = Folder::new("reopen");
    let fixture = folder.open();
    let first = fixture.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    let id = first.json["id"].as_str().unwrap().to_owned();
    fixture.post_with_key("/v1/refunds", &format!("payment_intent={id}&amount=99"), "k2").await;
    let before = serde_json::to_value(fixture.sandbox.ledger()).unwrap();
    drop(fixture);

    let fixture = folder.open();
    assert_eq!(serde_json::to_value(fixture.sandbox.ledger()).unwrap(), before);
    let again = fixture.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    assert_eq!((again.is_replayed(), &again.json), (true, &first.json));
    let rest = fixture.post("/v1/refunds", &format!("payment_intent={id}")).await;
    assert_eq!(rest.json["amount"], 1900);
    let other = fixture.post("/v1/payment_intents", CHARGE).await;
    assert_ne!(other.json["id"], first.json["id"]);
}

#[tokio::test]
async fn undelivered_webhook_is_sent_by_the_next_run() {
    let folder = Folder::new("webhook");
    let (url, mut webhooks) = receiver(0).await;
    let fixture = folder.open();
    fixture.sandbox.set_webhook_url(Some(url.clone()));
    fixture.create_captured_payment().await;
    assert_eq!(webhooks.recv().await.unwrap().kind(), "payment_intent.succeeded");
    fixture.sandbox.deliver_pending_webhooks().await;
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Refund, Effect::WebhookDelay { ms: 60_000 }));
    let id = fixture.sandbox.ledger().intents[0].id.clone();
    fixture.post("/v1/refunds", &format!("payment_intent={id}")).await;
    drop(fixture);

    let fixture = folder.open();
    fixture.sandbox.set_webhook_url(Some(url));
    assert_eq!(webhooks.recv().await.unwrap().kind(), "charge.refunded");
    assert_eq!(webhooks.recv().await.unwrap().kind(), "refund.created");
    fixture.sandbox.deliver_pending_webhooks().await;
    assert!(webhooks.try_recv().is_err());
}

#[tokio::test]
async fn objects_of_connect_and_the_balance_are_restored() {
    let folder = Folder::new("connect");
    let fixture = folder.open();
    fixture.add_funds().await;
    let account = fixture.create_enabled_account().await;
    let transfer = format!("amount=1000&currency=eur&destination={account}");
    fixture.post_with_key("/v1/transfers", &transfer, "k1").await;
    fixture.post("/v1/payment_intents", &CHARGE.replace("visa", "createDispute")).await;
    fixture.post("/sandbox/payouts", &format!("account={account}&currency=eur&amount=5")).await;
    let link = format!("account={account}&type=account_onboarding&refresh_url=http://a&return_url=http://b");
    let link = fixture.post("/v1/account_links", &link).await.json;
    let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let path = format!("/sandbox/account_links/{token}/open");
    assert!(fixture.post(&path, "").await.json["account"].is_object());
    let before = serde_json::to_value(fixture.sandbox.ledger()).unwrap();
    let balance = fixture.get("/v1/balance").await.json;
    drop(fixture);

    let fixture = folder.open();
    assert_eq!(serde_json::to_value(fixture.sandbox.ledger()).unwrap(), before);
    assert_eq!(fixture.get("/v1/balance").await.json, balance);
    assert!(fixture.post_with_key("/v1/transfers", &transfer, "k1").await.is_replayed());
    assert_eq!(fixture.post(&path, "").await.json["redirect"], "http://a", "the link was used");
}

#[tokio::test]
async fn undelivered_event_of_an_account_waits_for_its_endpoint() {
    let folder = Folder::new("connect-webhook");
    let (url, mut webhooks) = receiver(0).await;
    let fixture = folder.open();
    fixture.sandbox.set_connect_webhook(Some(url.clone()), "whsec_connect");
    let delay = Effect::WebhookDelay { ms: 60_000 };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::ChangeAccount, delay));
    fixture.create_enabled_account().await;
    drop(fixture);

    let fixture = folder.open();
    let (platform_url, mut platform_webhooks) = receiver(0).await;
    fixture.sandbox.set_webhook_url(Some(platform_url));
    fixture.sandbox.deliver_pending_webhooks().await;
    assert!(platform_webhooks.try_recv().is_err());
    fixture.sandbox.set_connect_webhook(Some(url), "whsec_connect");
    assert_eq!(webhooks.recv().await.unwrap().kind(), "account.updated");
}

/// Line of a journal from before balance transactions, with the event and the answer of a charge.
const OLD_COMMIT: &str = r#"{"intent":{"id":"pi_1","amount":500,"currency":"eur","status":"succeeded",
"payment_method":"pm_card_visa","metadata":{"order_id":"ord_1"},"description":null,"return_url":null,
"created":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z","canceled_at":null,"cancellation_reason":null,
"client_secret":"s","idempotency_key":"k1","charges":[{"id":"ch_1","amount":500,"amount_captured":500,
"amount_refunded":0,"currency":"eur","payment_method":"pm_card_visa","metadata":{},"failure":null,
"idempotency_key":"k1","created":"2026-01-01T00:00:00Z"}]},"event":{"id":"evt_1","payload":"{}"},
"completed_delivery":"evt_1"}"#;

#[tokio::test]
async fn journal_from_before_balance_transactions_is_read() {
    let folder = Folder::new("old");
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.0.join("payments.jsonl"), OLD_COMMIT.replace('\n', "") + "\n").unwrap();
    let fixture = folder.open();
    assert_eq!(fixture.sandbox.ledger().captured_total("ord_1"), 500);
    let charge = fixture.get("/v1/charges").await.json["data"][0].clone();
    assert!(charge["balance_transaction"].is_null() && charge["disputed"] == false, "{charge}");
    assert_eq!(fixture.post("/v1/refunds", "payment_intent=pi_1").await.status, 200);
}
