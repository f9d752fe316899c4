//! Failures of the payment gateway: lost responses, errors, delays and outages.

use http::{Method, StatusCode};
use serde_json::Value;
use stripe_sandbox::{DroppedResponse, Effect, Operation, Rule, WorkAt};
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

/// Starts a stack with a faulty gateway, and places an order. Returns the stack, the buyer, the order and its
/// product.
async fn order_with(rule: Rule) -> (TestApp, TestUser, String, String) {
    let app = TestApp::start().await;
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    app.stack().payments().add_fault_rule(rule);
    let placed = app.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await;
    let id = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    (app, buyer, id, product)
}

/// Waits until the order has this status and the stack is idle, and audits the final state.
async fn assert_final_status(app: &TestApp, buyer: &TestUser, id: &str, product: &str, status: &str) {
    let is_final = || async {
        let order = app.get_order(buyer, id).await;
        let idle = app.stack().idle(std::time::Duration::from_millis(300)).await;
        (order["status"] == status && idle.is_ok()).then_some(())
    };
    eventually(&format!("the order is {status} and the stack is idle"), is_final).await;
    let expectations =
        Expectations { stocked: [(product.to_owned(), 10)].into(), acknowledged: vec![id.to_owned()] };
    let violations =
        MoneyAndStock::read(app).await.violations(&expectations, &app.stack().payments().ledger());
    assert_eq!(violations, Vec::<String>::new());
}

fn captures(app: &TestApp, id: &str) -> usize {
    app.stack().payments().ledger().captures_of(id).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn charge_with_lost_response_is_retried_and_made_once() {
    let lost = Effect::ChargeAndDropResponse { answer: DroppedResponse::Close };
    let (app, buyer, id, product) = order_with(Rule::on(Operation::Create, lost).times(1)).await;
    assert_final_status(&app, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&app, &id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn charge_behind_a_stored_error_is_found_by_its_order() {
    let lost = Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError };
    let (app, buyer, id, product) = order_with(Rule::on(Operation::Create, lost).times(1)).await;
    assert_final_status(&app, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&app, &id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn charge_that_certainly_failed_is_retried() {
    let (app, buyer, id, product) =
        order_with(Rule::on(Operation::Create, Effect::Fail { status: 500 }).times(1)).await;
    assert_final_status(&app, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&app, &id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn charge_slower_than_the_timeout_is_made_once() {
    for work in [WorkAt::Start, WorkAt::End] {
        let slow = Effect::Slow { ms: 5_000, work };
        let (app, buyer, id, product) = order_with(Rule::on(Operation::Create, slow).times(1)).await;
        assert_final_status(&app, &buyer, &id, &product, "confirmed").await;
        assert_eq!(captures(&app, &id), 1, "{work:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_cancelled_while_charging_costs_nothing() {
    for work in [WorkAt::Start, WorkAt::End] {
        let slow = Effect::Slow { ms: 1_500, work };
        let (app, buyer, id, product) = order_with(Rule::on(Operation::Create, slow).times(1)).await;
        app.wait_for_order(&buyer, &id, &["awaiting_payment"]).await;
        let cancel = app.request(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).send().await;
        assert_eq!(cancel.data(StatusCode::OK)["status"], "cancelled");
        assert_final_status(&app, &buyer, &id, &product, "cancelled").await;
        assert_eq!(app.stack().payments().ledger().net(&id), 0, "{work:?}");
        assert_eq!(app.stock(&product).await, (10, 0), "{work:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timeline_shows_failed_attempts_during_gateway_outage() {
    let down = Effect::Fail { status: 503 };
    let (app, buyer, id, product) = order_with(Rule::on(Operation::Create, down)).await;
    let failed = || async {
        let timeline = app.request(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
        let fulfilment = timeline.data(StatusCode::OK)["fulfilment"].clone();
        (fulfilment["failedAttempts"].as_i64() >= Some(1)).then_some(fulfilment)
    };
    let fulfilment: Value = eventually("an attempt has failed", failed).await;
    assert_eq!(fulfilment["step"], "charging");
    assert_eq!(fulfilment["lastError"], "the payment gateway does not respond");
    assert!(fulfilment["nextAttemptAt"].is_string(), "{fulfilment}");

    app.stack().payments().clear_fault_rules();
    assert_final_status(&app, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&app, &id), 1);
}
