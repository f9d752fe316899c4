use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{CHARGE, Fixture, ReceivedWebhook, SECRET, receiver};
use crate::{Effect, Operation, Rule, signature};

async fn with_webhooks(refusals: usize) -> (Fixture, UnboundedReceiver<ReceivedWebhook>) {
    let fixture = Fixture::new();
    let (url, webhooks) = receiver(refusals).await;
    fixture.sandbox.set_webhook_url(Some(url));
    (fixture, webhooks)
}

/// Types of the webhooks received so far.
fn kinds(webhooks: &mut UnboundedReceiver<ReceivedWebhook>) -> Vec<String> {
    std::iter::from_fn(|| webhooks.try_recv().ok()).map(|webhook| webhook.kind()).collect()
}

#[tokio::test]
async fn events_of_every_type_are_sent_and_signed() {
    let (fixture, mut webhooks) = with_webhooks(0).await;
    let id = fixture.create_captured_payment().await;
    let webhook = webhooks.recv().await.unwrap();
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    assert_eq!(webhook.headers["stripe-signature"], signature(SECRET, at, &webhook.body));
    let event = webhook.event();
    assert_eq!(event["type"], "payment_intent.succeeded");
    assert_eq!(event["data"]["object"]["metadata"]["order_id"], "ord_1");

    fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=5")).await;
    let refunded = webhooks.recv().await.unwrap().event();
    assert_eq!(refunded["type"], "charge.refunded");
    assert_eq!(refunded["data"]["object"]["amount_refunded"], 5);
    assert_eq!(refunded["data"]["object"]["refunded"], false);
    let created = webhooks.recv().await.unwrap().event();
    assert_eq!(
        (&created["type"], &created["data"]["object"]["amount"]),
        (&"refund.created".into(), &5.into())
    );

    fixture.post("/v1/payment_intents", &CHARGE.replace("visa", "chargeDeclined")).await;
    assert_eq!(webhooks.recv().await.unwrap().kind(), "payment_intent.payment_failed");
    let open = fixture.post("/v1/payment_intents", "amount=500&currency=eur").await;
    fixture.post(&format!("/v1/payment_intents/{}/cancel", open.json["id"].as_str().unwrap()), "").await;
    assert_eq!(webhooks.recv().await.unwrap().kind(), "payment_intent.canceled");
}

#[tokio::test]
async fn replayed_call_sends_no_webhook() {
    let (fixture, mut webhooks) = with_webhooks(0).await;
    fixture.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    fixture.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    fixture.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut webhooks), ["payment_intent.succeeded"]);
}

#[tokio::test]
async fn rejected_webhook_is_retried_with_a_new_signature() {
    let (fixture, mut webhooks) = with_webhooks(1).await;
    fixture.create_captured_payment().await;
    let first = webhooks.recv().await.unwrap();
    fixture.clock.sleepers(1).await;
    fixture.clock.advance(Duration::from_secs(1));
    let second = webhooks.recv().await.unwrap();
    assert_eq!(first.event()["id"], second.event()["id"]);
    assert_ne!(first.headers["stripe-signature"], second.headers["stripe-signature"]);
}

#[tokio::test]
async fn delayed_webhook_is_sent_when_due_or_flushed() {
    let (fixture, mut webhooks) = with_webhooks(0).await;
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::WebhookDelay { ms: 60_000 }));
    let id = fixture.create_captured_payment().await;
    fixture.post("/v1/refunds", &format!("payment_intent={id}")).await;
    assert_eq!(webhooks.recv().await.unwrap().kind(), "charge.refunded");
    assert_eq!(webhooks.recv().await.unwrap().kind(), "refund.created");
    fixture.clock.sleepers(1).await;
    fixture.clock.advance(Duration::from_mins(1));
    assert_eq!(webhooks.recv().await.unwrap().kind(), "payment_intent.succeeded");

    fixture.create_captured_payment().await;
    fixture.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut webhooks), ["payment_intent.succeeded"]);
}

#[tokio::test]
async fn rules_duplicate_reorder_and_drop_webhooks() {
    let (fixture, mut webhooks) = with_webhooks(0).await;
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::WebhookOutOfOrder).times(1));
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Refund, Effect::WebhookDuplicate { copies: 1 }));
    let id = fixture.create_captured_payment().await;
    fixture.post("/v1/refunds", &format!("payment_intent={id}&amount=1")).await;
    fixture.sandbox.deliver_pending_webhooks().await;
    let order = kinds(&mut webhooks);
    assert_eq!(order.first().map(String::as_str), Some("charge.refunded"));
    for kind in ["charge.refunded", "refund.created"] {
        assert_eq!(order.iter().filter(|found| *found == kind).count(), 2);
    }
    assert_eq!(order.len(), 5);

    fixture.sandbox.clear_fault_rules();
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::WebhookDrop));
    fixture.create_captured_payment().await;
    fixture.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut webhooks), [""; 0]);
}

#[tokio::test]
async fn events_without_a_webhook_url_are_not_sent_later() {
    let fixture = Fixture::new();
    fixture.create_captured_payment().await;
    let (url, mut webhooks) = receiver(0).await;
    fixture.sandbox.set_webhook_url(Some(url));
    fixture.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut webhooks), [""; 0]);
}

#[tokio::test]
async fn settled_refund_sends_its_events() {
    for (card, status, expected) in [
        ("pendingRefund", "succeeded", vec!["refund.updated", "charge.refund.updated"]),
        ("refundFail", "failed", vec!["refund.updated", "charge.refund.updated", "refund.failed"]),
    ] {
        let (fixture, mut webhooks) = with_webhooks(0).await;
        let intent = fixture.post("/v1/payment_intents", &CHARGE.replace("visa", card)).await.json;
        let form = format!("payment_intent={}", intent["id"].as_str().unwrap());
        let refund = fixture.post("/v1/refunds", &form).await.json;
        fixture.sandbox.deliver_pending_webhooks().await;
        kinds(&mut webhooks);
        fixture.post(&format!("/sandbox/refunds/{}/settle", refund["id"].as_str().unwrap()), "").await;
        fixture.sandbox.deliver_pending_webhooks().await;
        let events: Vec<_> =
            std::iter::from_fn(|| webhooks.try_recv().ok()).map(|event| event.event()).collect();
        assert!(events.iter().all(|event| event["data"]["object"]["status"] == status), "{events:?}");
        assert!(events.iter().map(|event| event["type"].as_str().unwrap()).eq(expected));
    }
}
