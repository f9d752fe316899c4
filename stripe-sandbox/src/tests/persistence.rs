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
