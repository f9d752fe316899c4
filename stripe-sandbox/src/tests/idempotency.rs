use super::{CHARGE, Fixture};
use crate::{Effect, Operation, Rule, WorkAt};

const CREATE: &str = "/v1/payment_intents";

#[tokio::test]
async fn same_key_replays_the_response_and_charges_once() {
    let fixture = Fixture::new();
    let first = fixture.post_with_key(CREATE, CHARGE, "k1").await;
    let reordered = CHARGE.split('&').rev().collect::<Vec<_>>().join("&");
    let again = fixture.post_with_key(CREATE, &reordered, "k1").await;
    assert!(!first.is_replayed() && again.is_replayed());
    assert_eq!((again.status, &again.json), (200, &first.json));
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert_eq!(again.headers["idempotency-key"], "k1");
    let ledger = fixture.sandbox.ledger();
    assert_eq!(ledger.captures_of("ord_1").len(), 1);
    assert_eq!(ledger.captures_of("ord_1")[0].idempotency_key.as_deref(), Some("k1"));
}

#[tokio::test]
async fn reuse_of_a_key_for_another_call_is_refused() {
    let fixture = Fixture::new();
    let id = fixture.post_with_key(CREATE, CHARGE, "k1").await.json["id"].as_str().unwrap().to_owned();
    let other = fixture.post_with_key(CREATE, &CHARGE.replace("1999", "2000"), "k1").await;
    assert_eq!((other.status, &other.json["error"]["type"]), (400, &"idempotency_error".into()));
    let elsewhere = fixture.post_with_key("/v1/refunds", &format!("payment_intent={id}"), "k1").await;
    assert_eq!((elsewhere.status, &elsewhere.json["error"]["type"]), (400, &"idempotency_error".into()));
    assert_eq!(fixture.sandbox.ledger().net("ord_1"), 1999);
}

#[tokio::test]
async fn declined_charge_is_replayed() {
    let fixture = Fixture::new();
    let form = CHARGE.replace("visa", "chargeDeclined");
    let first = fixture.post_with_key(CREATE, &form, "k1").await;
    let again = fixture.post_with_key(CREATE, &form, "k1").await;
    assert_eq!((again.status, again.is_replayed(), &again.json), (402, true, &first.json));
    assert_eq!(fixture.sandbox.ledger().intents.len(), 1);
}

#[tokio::test]
async fn refused_refund_is_replayed_but_malformed_one_is_not() {
    let fixture = Fixture::new();
    let id = fixture.create_captured_payment().await;
    let too_much = format!("payment_intent={id}&amount=2000");
    assert_eq!(fixture.post_with_key("/v1/refunds", &too_much, "k1").await.status, 400);
    assert!(fixture.post_with_key("/v1/refunds", &too_much, "k1").await.is_replayed());
    let malformed =
        fixture.post_with_key("/v1/refunds", &format!("payment_intent={id}&amount=x"), "k2").await;
    assert_eq!((malformed.status, malformed.is_replayed()), (400, false));
    let valid = fixture.post_with_key("/v1/refunds", &format!("payment_intent={id}&amount=1"), "k2").await;
    assert_eq!((valid.status, valid.is_replayed()), (200, false));
}

#[tokio::test]
async fn key_in_use_is_refused_with_409_until_its_call_ends() {
    let fixture = Fixture::new();
    fixture
        .sandbox
        .add_fault_rule(Rule::on(Operation::Create, Effect::Slow { ms: 10_000, work: WorkAt::End }).times(1));
    let first = tokio::spawn({
        let fixture = fixture.clone();
        async move { fixture.post_with_key(CREATE, CHARGE, "k1").await }
    });
    fixture.clock.sleepers(1).await;

    let second = fixture.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((second.status, second.code()), (409, "idempotency_key_in_use"));
    assert_eq!(second.headers["stripe-should-retry"], "true");

    fixture.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(first.await.unwrap().status, 200);
    assert!(fixture.post_with_key(CREATE, CHARGE, "k1").await.is_replayed());
    assert_eq!(fixture.sandbox.ledger().captures_of("ord_1").len(), 1);
}

#[tokio::test]
async fn key_can_be_reused_after_24_hours() {
    let fixture = Fixture::new();
    fixture.post_with_key(CREATE, CHARGE, "k1").await;
    fixture.clock.advance(std::time::Duration::from_hours(24));
    assert!(!fixture.post_with_key(CREATE, CHARGE, "k1").await.is_replayed());
    assert_eq!(fixture.sandbox.ledger().captures_of("ord_1").len(), 2);
}

#[tokio::test]
async fn key_longer_than_255_characters_is_refused() {
    let fixture = Fixture::new();
    assert_eq!(fixture.post_with_key(CREATE, CHARGE, &"k".repeat(256)).await.status, 400);
    assert_eq!(fixture.sandbox.ledger().intents.len(), 0);
}
