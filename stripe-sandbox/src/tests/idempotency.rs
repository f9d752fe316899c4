use super::{CHARGE, Shop};
use crate::{Effect, Operation, Rule, WorkAt};

const CREATE: &str = "/v1/payment_intents";

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_charges_once() {
    let shop = Shop::open();
    let first = shop.post_with_key(CREATE, CHARGE, "k1").await;
    let reordered = CHARGE.split('&').rev().collect::<Vec<_>>().join("&");
    let again = shop.post_with_key(CREATE, &reordered, "k1").await;
    assert!(!first.is_replayed() && again.is_replayed());
    assert_eq!((again.status, &again.json), (200, &first.json));
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert_eq!(again.headers["idempotency-key"], "k1");
    let ledger = shop.sandbox.ledger();
    assert_eq!(ledger.captures_of("ord_1").len(), 1);
    assert_eq!(ledger.captures_of("ord_1")[0].idempotency_key.as_deref(), Some("k1"));
}

#[tokio::test]
async fn a_key_belongs_to_its_parameters_and_its_endpoint() {
    let shop = Shop::open();
    let id = shop.post_with_key(CREATE, CHARGE, "k1").await.json["id"].as_str().unwrap().to_owned();
    let other = shop.post_with_key(CREATE, &CHARGE.replace("1999", "2000"), "k1").await;
    assert_eq!((other.status, &other.json["error"]["type"]), (400, &"idempotency_error".into()));
    let elsewhere = shop.post_with_key("/v1/refunds", &format!("payment_intent={id}"), "k1").await;
    assert_eq!((elsewhere.status, &elsewhere.json["error"]["type"]), (400, &"idempotency_error".into()));
    assert_eq!(shop.sandbox.ledger().net("ord_1"), 1999);
}

#[tokio::test]
async fn a_decline_is_replayed_as_well() {
    let shop = Shop::open();
    let form = CHARGE.replace("visa", "chargeDeclined");
    let first = shop.post_with_key(CREATE, &form, "k1").await;
    let again = shop.post_with_key(CREATE, &form, "k1").await;
    assert_eq!((again.status, again.is_replayed(), &again.json), (402, true, &first.json));
    assert_eq!(shop.sandbox.ledger().intents.len(), 1);
}

#[tokio::test]
async fn a_refused_refund_is_replayed_but_a_malformed_one_is_not_kept() {
    let shop = Shop::open();
    let id = shop.paid().await;
    let too_much = format!("payment_intent={id}&amount=2000");
    assert_eq!(shop.post_with_key("/v1/refunds", &too_much, "k1").await.status, 400);
    assert!(shop.post_with_key("/v1/refunds", &too_much, "k1").await.is_replayed());
    let malformed = shop.post_with_key("/v1/refunds", &format!("payment_intent={id}&amount=x"), "k2").await;
    assert_eq!((malformed.status, malformed.is_replayed()), (400, false));
    let repaired = shop.post_with_key("/v1/refunds", &format!("payment_intent={id}&amount=1"), "k2").await;
    assert_eq!((repaired.status, repaired.is_replayed()), (200, false));
}

#[tokio::test]
async fn a_key_in_use_is_409_and_free_again_afterwards() {
    let shop = Shop::open();
    shop.sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Slow { ms: 10_000, work: WorkAt::End }).times(1));
    let first = tokio::spawn({
        let shop = shop.clone();
        async move { shop.post_with_key(CREATE, CHARGE, "k1").await }
    });
    shop.clock.sleepers(1).await;

    let second = shop.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((second.status, second.code()), (409, "idempotency_key_in_use"));
    assert_eq!(second.headers["stripe-should-retry"], "true");

    shop.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(first.await.unwrap().status, 200);
    assert!(shop.post_with_key(CREATE, CHARGE, "k1").await.is_replayed());
    assert_eq!(shop.sandbox.ledger().captures_of("ord_1").len(), 1);
}

#[tokio::test]
async fn a_day_later_the_key_means_a_new_charge() {
    let shop = Shop::open();
    shop.post_with_key(CREATE, CHARGE, "k1").await;
    shop.clock.advance(std::time::Duration::from_hours(24));
    assert!(!shop.post_with_key(CREATE, CHARGE, "k1").await.is_replayed());
    assert_eq!(shop.sandbox.ledger().captures_of("ord_1").len(), 2);
}

#[tokio::test]
async fn an_overlong_key_is_refused() {
    let shop = Shop::open();
    assert_eq!(shop.post_with_key(CREATE, CHARGE, &"k".repeat(256)).await.status, 400);
    assert_eq!(shop.sandbox.ledger().intents.len(), 0);
}
