use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Arrival, CHARGE, SECRET, Shop, receiver};
use crate::{Effect, Operation, Rule, signature};

async fn listening(refusals: usize) -> (Shop, UnboundedReceiver<Arrival>) {
    let shop = Shop::open();
    let (url, arrivals) = receiver(refusals).await;
    shop.sandbox.set_webhook_url(Some(url));
    (shop, arrivals)
}

/// What has arrived so far.
fn kinds(arrivals: &mut UnboundedReceiver<Arrival>) -> Vec<String> {
    std::iter::from_fn(|| arrivals.try_recv().ok()).map(|arrival| arrival.kind()).collect()
}

#[tokio::test]
async fn each_kind_of_event_is_sent_and_signed() {
    let (shop, mut arrivals) = listening(0).await;
    let id = shop.paid().await;
    let arrival = arrivals.recv().await.unwrap();
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    assert_eq!(arrival.headers["stripe-signature"], signature(SECRET, at, &arrival.body));
    let event = arrival.event();
    assert_eq!(event["type"], "payment_intent.succeeded");
    assert_eq!(event["data"]["object"]["metadata"]["order_id"], "ord_1");

    shop.post("/v1/refunds", &format!("payment_intent={id}&amount=5")).await;
    let refunded = arrivals.recv().await.unwrap().event();
    assert_eq!(refunded["type"], "charge.refunded");
    assert_eq!(refunded["data"]["object"]["amount_refunded"], 5);
    assert_eq!(refunded["data"]["object"]["refunded"], false);

    shop.post("/v1/payment_intents", &CHARGE.replace("visa", "chargeDeclined")).await;
    assert_eq!(arrivals.recv().await.unwrap().kind(), "payment_intent.payment_failed");
    let open = shop.post("/v1/payment_intents", "amount=500&currency=eur").await;
    shop.post(&format!("/v1/payment_intents/{}/cancel", open.json["id"].as_str().unwrap()), "").await;
    assert_eq!(arrivals.recv().await.unwrap().kind(), "payment_intent.canceled");
}

#[tokio::test]
async fn a_replay_sends_nothing_again() {
    let (shop, mut arrivals) = listening(0).await;
    shop.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    shop.post_with_key("/v1/payment_intents", CHARGE, "k1").await;
    shop.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut arrivals), ["payment_intent.succeeded"]);
}

#[tokio::test]
async fn a_refused_webhook_comes_again_with_a_new_signature() {
    let (shop, mut arrivals) = listening(1).await;
    shop.paid().await;
    let first = arrivals.recv().await.unwrap();
    shop.clock.sleepers(1).await;
    shop.clock.advance(Duration::from_secs(1));
    let second = arrivals.recv().await.unwrap();
    assert_eq!(first.event()["id"], second.event()["id"]);
    assert_ne!(first.headers["stripe-signature"], second.headers["stripe-signature"]);
}

#[tokio::test]
async fn a_delayed_webhook_waits_for_its_time_or_for_a_flush() {
    let (shop, mut arrivals) = listening(0).await;
    shop.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::WebhookDelay { ms: 60_000 }));
    let id = shop.paid().await;
    shop.post("/v1/refunds", &format!("payment_intent={id}")).await;
    assert_eq!(arrivals.recv().await.unwrap().kind(), "charge.refunded");
    shop.clock.sleepers(1).await;
    shop.clock.advance(Duration::from_mins(1));
    assert_eq!(arrivals.recv().await.unwrap().kind(), "payment_intent.succeeded");

    shop.paid().await;
    shop.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut arrivals), ["payment_intent.succeeded"]);
}

#[tokio::test]
async fn webhooks_come_twice_late_or_never_as_told() {
    let (shop, mut arrivals) = listening(0).await;
    shop.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::WebhookOutOfOrder).times(1));
    shop.sandbox.add_fault_rule(Rule::on(Operation::Refund, Effect::WebhookDuplicate { copies: 1 }));
    let id = shop.paid().await;
    shop.post("/v1/refunds", &format!("payment_intent={id}&amount=1")).await;
    shop.sandbox.deliver_pending_webhooks().await;
    let order = kinds(&mut arrivals);
    assert_eq!(order.first().map(String::as_str), Some("charge.refunded"));
    assert_eq!(order.iter().filter(|kind| *kind == "charge.refunded").count(), 2);
    assert_eq!(order.len(), 3);

    shop.sandbox.clear_fault_rules();
    shop.sandbox.add_fault_rule(Rule::on(Operation::Create, Effect::WebhookDrop));
    shop.paid().await;
    shop.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut arrivals), [""; 0]);
}

#[tokio::test]
async fn without_an_address_nothing_is_kept_for_later() {
    let shop = Shop::open();
    shop.paid().await;
    let (url, mut arrivals) = receiver(0).await;
    shop.sandbox.set_webhook_url(Some(url));
    shop.sandbox.deliver_pending_webhooks().await;
    assert_eq!(kinds(&mut arrivals), [""; 0]);
}
