//! Refunds that the seller requests.

use http::StatusCode;
use local::faults::{Fault, Rule as FaultRule};
use serde_json::json;
use stripe_sandbox::{DroppedResponse, Effect, Operation, Rule};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::seeded_bugs::mutation;

use super::Fixture;
use crate::crashes::FULFILMENT;

#[tokio::test(flavor = "multi_thread")]
async fn partial_refunds_are_made_once_each_up_to_the_total() {
    let fixture = Fixture::paid().await;
    for (key, amount) in [("r1", 500), ("r2", 500), ("r2", 500), ("r3", 1_000)] {
        let order = fixture.refund(key, Some(amount)).await.data(StatusCode::OK);
        assert_eq!(order["status"], "confirmed");
    }
    assert_eq!(fixture.refund("r4", Some(1_999)).await.code(StatusCode::CONFLICT), "INVALID_STATE");
    fixture.wait_for_refunds(3).await;
    assert_eq!(fixture.net_paid().await, 1_998);
    assert_eq!(fixture.app.stock(&fixture.product).await, (8, 0));

    let parcel = json!({ "carrier": "DHL", "trackingNumber": "00340434161094042557" });
    assert_eq!(
        fixture.act(&fixture.seller, "ship", "s1", parcel).await.data(StatusCode::OK)["status"],
        "shipped"
    );
    assert_eq!(
        fixture.act(&fixture.seller, "deliver", "d1", json!({})).await.data(StatusCode::OK)["status"],
        "delivered"
    );
    assert_eq!(
        fixture.refund("r5", None).await.data(StatusCode::OK)["refunds"][3]["amount"]["amount"],
        1_998
    );
    fixture.wait_for("refunded").await;
    assert_eq!(fixture.net_paid().await, 0);
    assert_eq!(
        fixture.app.stock(&fixture.product).await,
        (8, 0),
        "shipped units are not returned to the stock"
    );
    assert_eq!(fixture.app.stack().payments().ledger().refunds_of(&fixture.id).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_refund_or_cancel_before_shipping_returns_stock() {
    let fixture = Fixture::paid().await;
    assert_eq!(fixture.refund("r1", Some(1_000)).await.status, StatusCode::OK);
    assert_eq!(fixture.act(&fixture.buyer, "cancel", "c1", json!({})).await.status, StatusCode::OK);
    fixture.wait_for_refunds(2).await;
    assert_eq!(fixture.net_paid().await, 0);
    assert_eq!(fixture.app.stock(&fixture.product).await, (10, 0));

    let second = fixture.app.order(&fixture.buyer, "k2", &fixture.product, 3, Some("pm_card_visa")).await;
    let id = second.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let fixture = Fixture { id, ..fixture };
    fixture.wait_for("confirmed").await;
    assert_eq!(fixture.refund("r2", None).await.status, StatusCode::OK);
    fixture.wait_for("refunded").await;
    assert_eq!(fixture.net_paid().await, 0);
    assert_eq!(fixture.app.stock(&fixture.product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_with_lost_or_failed_response_is_made_once() {
    for effect in [
        Effect::ChargeAndDropResponse { answer: DroppedResponse::Close },
        Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError },
        Effect::Fail { status: 500 },
        Effect::Fail { status: 503 },
    ] {
        let fixture = Fixture::paid().await;
        let name = format!("{effect:?}");
        fixture.app.stack().payments().add_fault_rule(Rule::on(Operation::Refund, effect).times(1));
        for (key, amount) in [("r1", 700), ("r2", 700)] {
            assert_eq!(fixture.refund(key, Some(amount)).await.status, StatusCode::OK, "{name}");
        }
        let done = || async {
            fixture.app.stack().redeliver().await;
            (fixture.refunds().await == ["succeeded"; 2]).then_some(())
        };
        eventually(&format!("both refunds have succeeded despite {name}"), done).await;
        assert_eq!(fixture.net_paid().await, 2_598, "{name}");
        assert_eq!(fixture.app.stack().payments().ledger().refunds_of(&fixture.id).len(), 2, "{name}");
    }
}

/// The fulfilment loads the order, calls the gateway, and commits the result.
const CALLS_OF_A_REFUND: u64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn results_of_a_kill_at_each_call_of_a_refund() {
    let fixture = Fixture::paid().await;
    fixture.net_paid().await;
    let (mut trials, mut kills) = (0, 0);
    for nth in 1..=CALLS_OF_A_REFUND {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            trials += 1;
            let kill = fixture.app.stack().faults().inject(FaultRule::new(FULFILMENT, fault).nth(nth));
            assert_eq!(fixture.refund(&format!("r{trials}"), Some(100)).await.status, StatusCode::OK);
            kills += usize::from(kill.wait_until_triggered(WAIT_TIMEOUT).await);
            assert_eq!(fixture.net_paid().await, 3_998 - 100 * i64::try_from(trials).unwrap());
            assert_eq!(fixture.refunds().await, vec!["succeeded"; trials]);
        }
    }
    println!(
        "kill -9 of the fulfilment at each call of a refund: {trials} trials, {kills} kills, 0 violations"
    );
    assert_eq!((trials, kills), (6, 6));
    assert_eq!(fixture.app.stack().payments().ledger().refunds_of(&fixture.id).len(), trials);
}

#[tokio::test(flavor = "multi_thread")]
async fn refund_without_idempotency_key_is_detected() {
    let fixture = Fixture::paid().await;
    fixture.net_paid().await;
    // The webhook of the first refund would record it before the saga repeats its call.
    fixture.app.stack().payments().set_webhook_url(None);
    fixture.app.stack().faults().add_mutation(mutation("refund-without-key"));
    let kill = FaultRule::new(FULFILMENT, Fault::KillAfter).operation("POST /v1/refunds");
    let kill = fixture.app.stack().faults().inject(kill);
    assert_eq!(fixture.refund("r1", Some(100)).await.status, StatusCode::OK);
    assert!(kill.wait_until_triggered(WAIT_TIMEOUT).await);
    let violations = fixture.violations().await;
    println!("seeded bug, a refund without idempotency key: {} violations", violations.len());
    assert!(violations.iter().any(|violation| violation.contains("is made twice")), "{violations:?}");
}
