//! Rate limits and locked objects.

use std::time::Duration;

use super::{CHARGE, Fixture};
use crate::{Effect, Operation, Rates, Rule, WorkAt};

const CREATE: &str = "/v1/payment_intents";

#[tokio::test]
async fn call_above_25_per_second_is_rejected_and_charges_nothing() {
    let fixture = Fixture::new();
    for _ in 0..25 {
        assert_eq!(fixture.post(CREATE, CHARGE).await.status, 200);
    }
    let rejected = fixture.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((rejected.status, rejected.code()), (429, "rate_limit"));
    assert_eq!(rejected.headers["stripe-rate-limited-reason"], "endpoint-rate");
    assert!(!rejected.headers.contains_key("retry-after"));
    assert_eq!(fixture.sandbox.ledger().captures_of("ord_1").len(), 25);
    let rejected = fixture.get(&format!("{CREATE}?limit=1")).await;
    assert_eq!(rejected.headers["stripe-rate-limited-reason"], "global-rate");

    fixture.clock.advance(Duration::from_millis(40));
    let accepted = fixture.post_with_key(CREATE, CHARGE, "k1").await;
    assert_eq!((accepted.status, accepted.is_replayed()), (200, false), "a rejection is not stored");
}

#[tokio::test]
async fn customers_payment_does_not_count() {
    let fixture = Fixture::new();
    fixture.sandbox.set_rates(Rates { account: 1, endpoint: 1 });
    let created = fixture.post(CREATE, "amount=1999&currency=eur").await;
    let path = format!("/sandbox/payment_intents/{}/pay", created.json["id"].as_str().unwrap());
    assert_eq!(fixture.post(&path, "payment_method=pm_card_visa").await.status, 200);
}

#[tokio::test]
async fn second_call_on_an_object_times_out_on_its_lock() {
    let fixture = Fixture::new();
    let intent = fixture.create_captured_payment().await;
    let slow = Effect::Slow { ms: 1_000, work: WorkAt::End };
    fixture.sandbox.add_fault_rule(Rule::on(Operation::Refund, slow).times(1));
    let refund = format!("payment_intent={intent}&amount=500");
    let (first, second) = tokio::join!(fixture.post("/v1/refunds", &refund), async {
        fixture.clock.sleepers(1).await;
        let second = fixture.post("/v1/refunds", &refund).await;
        fixture.clock.advance(Duration::from_secs(1));
        second
    });
    assert_eq!((second.status, second.code()), (429, "lock_timeout"));
    assert_eq!(first.status, 200);
    assert_eq!(fixture.post("/v1/refunds", &refund).await.status, 200, "the object is unlocked");
}
