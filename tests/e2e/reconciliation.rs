//! Webhooks and answers that never come: the comparing of books makes up for them.

use http::{Method, StatusCode};
use serde_json::json;
use shared::domain::user::Role;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

use crate::crashes::settle;

/// A shop that hears nothing from its gateway, and compares books whenever the sweeper runs.
async fn deaf_shop() -> (TestApp, TestUser, String) {
    let shop = TestApp::open_with(|builder| builder.parameter("ReconciliationSeconds", "0")).await;
    shop.stack().payments().add_fault_rule(Rule::on(Operation::Any, Effect::WebhookDrop));
    let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
    let product = shop.product(&seller, 1_999, 10).await;
    (shop, buyer, product)
}

/// An order that waits for its payment, and what it is to be paid with.
async fn waiting(shop: &TestApp, buyer: &TestUser, product: &str, key: &str) -> (String, String) {
    let placed = shop.order(buyer, key, product, 2, None).await.data(StatusCode::CREATED);
    let id = placed["id"].as_str().unwrap().to_owned();
    let payable = || async {
        let shown = shop.get_order(buyer, &id).await;
        shown["payment"]["gatewayId"].as_str().map(str::to_owned)
    };
    let intent = eventually("the order can be paid", payable).await;
    (id, intent)
}

/// The buyer pays at the gateway.
async fn pay(shop: &TestApp, intent: &str) -> u16 {
    let address = format!("{}/sandbox/payment_intents/{intent}/pay", shop.stack().payments_endpoint());
    let request = reqwest::Client::new().post(address).form(&[("payment_method", "pm_card_visa")]);
    request.send().await.unwrap().status().as_u16()
}

async fn sweep(shop: &TestApp) {
    shop.stack().run_schedule("schedule-sweeper").await.unwrap();
}

async fn balances(shop: &TestApp, product: String, orders: Vec<String>) {
    settle(shop).await;
    let journal = Expectations { stocked: [(product, 10)].into(), acknowledged: orders };
    let violations = MoneyAndStock::read(shop).await.violations(&journal, &shop.stack().payments().ledger());
    assert_eq!(violations, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_webhooks_a_payment_is_found_by_the_sweeper_and_confirms_its_order() {
    let (shop, buyer, product) = deaf_shop().await;
    let (id, intent) = waiting(&shop, &buyer, &product, "k1").await;
    assert_eq!(pay(&shop, &intent).await, 200);
    settle(&shop).await;
    assert_eq!(shop.get_order(&buyer, &id).await["status"], "awaiting_payment", "nobody has heard of it");
    sweep(&shop).await;
    let confirmed = shop.order_in(&buyer, &id, &["confirmed"]).await;
    sweep(&shop).await;
    assert_eq!(shop.get_order(&buyer, &id).await["version"], confirmed["version"]);
    balances(&shop, product, vec![id.clone()]).await;
    assert_eq!(shop.stack().payments().ledger().net(&id), 3_998);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_webhooks_a_payment_after_a_cancel_goes_back_and_what_is_left_to_pay_is_closed() {
    let (shop, buyer, product) = deaf_shop().await;
    let (paid, intent) = waiting(&shop, &buyer, &product, "k1").await;
    let (open, left) = waiting(&shop, &buyer, &product, "k2").await;
    for id in [&paid, &open] {
        let path = format!("/v1/orders/{id}/cancel");
        let cancel = shop.ask(Method::POST, &path).by(&buyer).key(id).json(&json!({})).send().await;
        assert_eq!(cancel.data(StatusCode::OK)["status"], "cancelled");
    }
    assert_eq!(pay(&shop, &intent).await, 200);
    settle(&shop).await;
    assert_eq!(shop.stack().payments().ledger().net(&paid), 3_998);
    sweep(&shop).await;
    assert_eq!(pay(&shop, &left).await, 400, "it was closed");
    let back = || async { (shop.stack().payments().ledger().net(&paid) == 0).then_some(()) };
    eventually("the money goes back", back).await;
    balances(&shop, product, vec![paid, open]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_an_order_that_there_is_not_is_shown_to_a_moderator() {
    let shop = TestApp::open_with(|builder| builder.parameter("ReconciliationSeconds", "0")).await;
    let moderator = shop.user_with_role("moderator", Role::Moderator).await;
    let order = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let sweeper = shop.stack().deployment().function("schedule-sweeper").unwrap();
    let key = &sweeper.environment["AGORA_PAYMENT_GATEWAY_KEY"];
    let address = format!("{}/v1/payment_intents", shop.stack().payments_endpoint());
    let charge = reqwest::Client::new().post(address).bearer_auth(key).form(&[
        ("amount", "3998"),
        ("currency", "eur"),
        ("metadata[order_id]", order),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("off_session", "true"),
    ]);
    assert_eq!(charge.send().await.unwrap().status(), StatusCode::OK);
    for _ in 0..2 {
        sweep(&shop).await;
    }
    let path = "/v1/payments/discrepancies?status=open";
    let listed = || async {
        let answer = shop.ask(Method::GET, path).by(&moderator).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let found = answer.json()["data"].as_array().cloned().unwrap_or_default();
        (!found.is_empty()).then_some(found)
    };
    let found = eventually("the discrepancy is listed", listed).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["orderId"], &found[0]["difference"]), (&json!(order), &json!("no_order")));
    assert_eq!(found[0]["atGateway"]["captured"]["amount"], 3_998);
}
