//! A payment gateway that fails, in the ways that gateways do.

use http::{Method, StatusCode};
use serde_json::Value;
use stripe_sandbox::{Effect, LostAnswer, Operation, Rule, WorkAt};
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

/// A shop whose gateway behaves so, and an order in it: the shop, the buyer, the order's id, its product.
async fn order_with(rule: Rule) -> (TestApp, TestUser, String, String) {
    let shop = TestApp::open().await;
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    shop.stack().payments().add_fault_rule(rule);
    let placed = shop.order(&buyer, "k1", &product, 2, Some("pm_card_visa")).await;
    let id = placed.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    (shop, buyer, id, product)
}

/// Waits for the order to end so and for nothing to move any more, and audits what is left.
async fn ends(shop: &TestApp, buyer: &TestUser, id: &str, product: &str, status: &str) {
    let at_rest = || async {
        let order = shop.get_order(buyer, id).await;
        let idle = shop.stack().idle(std::time::Duration::from_millis(300)).await;
        (order["status"] == status && idle.is_ok()).then_some(())
    };
    eventually(&format!("the order is {status} and nothing moves"), at_rest).await;
    let journal =
        Expectations { stocked: [(product.to_owned(), 10)].into(), acknowledged: vec![id.to_owned()] };
    let violations = MoneyAndStock::read(shop).await.violations(&journal, &shop.stack().payments().ledger());
    assert_eq!(violations, Vec::<String>::new());
}

fn captures(shop: &TestApp, id: &str) -> usize {
    shop.stack().payments().ledger().captures_of(id).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_whose_answer_is_lost_is_asked_for_again_and_made_once() {
    let lost = Effect::ChargeAndDropResponse { answer: LostAnswer::Close };
    let (shop, buyer, id, product) = order_with(Rule::on(Operation::Create, lost).times(1)).await;
    ends(&shop, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&shop, &id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_behind_a_stored_failure_is_found_by_its_order() {
    let lost = Effect::ChargeAndDropResponse { answer: LostAnswer::InternalError };
    let (shop, buyer, id, product) = order_with(Rule::on(Operation::Create, lost).times(1)).await;
    ends(&shop, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&shop, &id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_certainly_failed_is_decided_on_once_more() {
    let (shop, buyer, id, product) =
        order_with(Rule::on(Operation::Create, Effect::Fail { status: 500 }).times(1)).await;
    ends(&shop, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&shop, &id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_is_slower_than_the_patience_is_made_once() {
    for work in [WorkAt::Start, WorkAt::End] {
        let slow = Effect::Slow { ms: 5_000, work };
        let (shop, buyer, id, product) = order_with(Rule::on(Operation::Create, slow).times(1)).await;
        ends(&shop, &buyer, &id, &product, "confirmed").await;
        assert_eq!(captures(&shop, &id), 1, "{work:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_cancelled_while_it_is_being_charged_costs_nothing() {
    for work in [WorkAt::Start, WorkAt::End] {
        let slow = Effect::Slow { ms: 1_500, work };
        let (shop, buyer, id, product) = order_with(Rule::on(Operation::Create, slow).times(1)).await;
        shop.order_in(&buyer, &id, &["awaiting_payment"]).await;
        let cancel = shop.ask(Method::POST, &format!("/v1/orders/{id}/cancel")).by(&buyer).send().await;
        assert_eq!(cancel.data(StatusCode::OK)["status"], "cancelled");
        ends(&shop, &buyer, &id, &product, "cancelled").await;
        assert_eq!(shop.stack().payments().ledger().net(&id), 0, "{work:?}");
        assert_eq!(shop.stock(&product).await, (10, 0), "{work:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_gateway_is_down_the_timeline_says_so_and_afterwards_the_order_is_confirmed() {
    let down = Effect::Fail { status: 503 };
    let (shop, buyer, id, product) = order_with(Rule::on(Operation::Create, down)).await;
    let stuck = || async {
        let timeline = shop.ask(Method::GET, &format!("/v1/orders/{id}/timeline")).by(&buyer).send().await;
        let fulfilment = timeline.data(StatusCode::OK)["fulfilment"].clone();
        (fulfilment["failedAttempts"].as_i64() >= Some(1)).then_some(fulfilment)
    };
    let fulfilment: Value = eventually("an attempt has failed", stuck).await;
    assert_eq!(fulfilment["step"], "charging");
    assert_eq!(fulfilment["lastError"], "the payment gateway does not answer");
    assert!(fulfilment["nextAttemptAt"].is_string(), "{fulfilment}");

    shop.stack().payments().clear_fault_rules();
    ends(&shop, &buyer, &id, &product, "confirmed").await;
    assert_eq!(captures(&shop, &id), 1);
}
