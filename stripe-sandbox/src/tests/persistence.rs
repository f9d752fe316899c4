use std::path::PathBuf;

use super::{CHARGE, KEY, SECRET, Shop, receiver};
use crate::{Effect, ManualClock, Operation, Rule, Sandbox};

/// A journal of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("payments-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> Shop {
        let clock = ManualClock::starting_at(jiff::Timestamp::from_second(1_700_000_000).unwrap());
        let journal = self.0.join("payments.jsonl");
        Shop { sandbox: Sandbox::persistent_at(clock.clock(), &journal, KEY, SECRET).unwrap(), clock }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = Folder::new("reopen");
    let shop = folder.open();
    let first = shop.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    let id = first.json["id"].as_str().unwrap().to_owned();
    shop.post_with_key("/v1/refunds", &format!("payment_intent={id}&amount=99"), "k2").await;
    let before = serde_json::to_value(shop.sandbox.ledger()).unwrap();
    drop(shop);

    let shop = folder.open();
    assert_eq!(serde_json::to_value(shop.sandbox.ledger()).unwrap(), before);
    let again = shop.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    assert_eq!((again.is_replayed(), &again.json), (true, &first.json));
    let rest = shop.post("/v1/refunds", &format!("payment_intent={id}")).await;
    assert_eq!(rest.json["amount"], 1900);
    let other = shop.post("/v1/payment_intents", CHARGE).await;
    assert_ne!(other.json["id"], first.json["id"]);
}

#[tokio::test]
async fn a_webhook_that_was_not_delivered_is_sent_by_the_next_run() {
    let folder = Folder::new("webhook");
    let (url, mut arrivals) = receiver(0).await;
    let shop = folder.open();
    shop.sandbox.set_webhook_url(Some(url.clone()));
    shop.paid().await;
    assert_eq!(arrivals.recv().await.unwrap().kind(), "payment_intent.succeeded");
    shop.sandbox.deliver_pending_webhooks().await;
    shop.sandbox.add_fault_rule(Rule::on(Operation::Refund, Effect::WebhookDelay { ms: 60_000 }));
    let id = shop.sandbox.ledger().intents[0].id.clone();
    shop.post("/v1/refunds", &format!("payment_intent={id}")).await;
    drop(shop);

    let shop = folder.open();
    shop.sandbox.set_webhook_url(Some(url));
    assert_eq!(arrivals.recv().await.unwrap().kind(), "charge.refunded");
    shop.sandbox.deliver_pending_webhooks().await;
    assert!(arrivals.try_recv().is_err());
}
