//! Reconciliation with the payment gateway when webhooks are lost.

use http::{Method, StatusCode};
use serde_json::json;
use shared::domain::user::Role;
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::app::eventually;
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

use crate::crashes::settle;

/// Starts a stack that receives no webhooks and reconciles at each run of the sweeper.
async fn without_webhooks() -> (TestApp, TestUser, String) {
    let app = TestApp::start_with(|builder| builder.parameter("ReconciliationSeconds", "0")).await;
    app.stack().payments().add_fault_rule(Rule::on(Operation::Any, Effect::WebhookDrop));
    let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
    let product = app.product(&seller, 1_999, 10).await;
    (app, buyer, product)
}

/// Places an order without payment method, and returns its id and its payment intent.
async fn unpaid_order(app: &TestApp, buyer: &TestUser, product: &str, key: &str) -> (String, String) {
    let placed = app.order(buyer, key, product, 2, None).await.data(StatusCode::CREATED);
    let id = placed["id"].as_str().unwrap().to_owned();
    let intent = payment_intent(app, buyer, &id).await;
    (id, intent)
}

/// Waits until an order can be paid, and returns its payment intent.
pub(crate) async fn payment_intent(app: &TestApp, buyer: &TestUser, order: &str) -> String {
    let payable = || async {
        let shown = app.get_order(buyer, order).await;
        shown["payment"]["gatewayId"].as_str().map(str::to_owned)
    };
    eventually("the order can be paid", payable).await
}

/// Pays at the gateway, as the buyer's browser does.
pub(crate) async fn pay(app: &TestApp, intent: &str) -> u16 {
    let address = format!("{}/sandbox/payment_intents/{intent}/pay", app.stack().payments_endpoint());
    let request = reqwest::Client::new().post(address).form(&[("payment_method", "pm_card_visa")]);
    request.send().await.unwrap().status().as_u16()
}

async fn sweep(app: &TestApp) {
    app.stack().run_schedule("schedule-sweeper").await.unwrap();
}

async fn assert_consistent(app: &TestApp, product: String, orders: Vec<String>) {
    settle(app).await;
    let expectations = Expectations { stocked: [(product, 10)].into(), acknowledged: orders };
    let violations =
        MoneyAndStock::read(app).await.violations(&expectations, &app.stack().payments().ledger());
    assert_eq!(violations, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeper_finds_missed_payment_and_confirms_its_order() {
    let (app, buyer, product) = without_webhooks().await;
    let (id, intent) = unpaid_order(&app, &buyer, &product, "k1").await;
    assert_eq!(pay(&app, &intent).await, 200);
    settle(&app).await;
    assert_eq!(
        app.get_order(&buyer, &id).await["status"],
        "awaiting_payment",
        "the payment is not known yet"
    );
    sweep(&app).await;
    let confirmed = app.wait_for_order(&buyer, &id, &["confirmed"]).await;
    sweep(&app).await;
    assert_eq!(app.get_order(&buyer, &id).await["version"], confirmed["version"]);
    assert_consistent(&app, product, vec![id.clone()]).await;
    assert_eq!(app.stack().payments().ledger().net(&id), 3_998);
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeper_refunds_late_payment_and_closes_open_checkout() {
    let (app, buyer, product) = without_webhooks().await;
    let (paid, intent) = unpaid_order(&app, &buyer, &product, "k1").await;
    let (open, open_intent) = unpaid_order(&app, &buyer, &product, "k2").await;
    for id in [&paid, &open] {
        let path = format!("/v1/orders/{id}/cancel");
        let cancel = app.request(Method::POST, &path).by(&buyer).key(id).json(&json!({})).send().await;
        assert_eq!(cancel.data(StatusCode::OK)["status"], "cancelled");
    }
    assert_eq!(pay(&app, &intent).await, 200);
    settle(&app).await;
    assert_eq!(app.stack().payments().ledger().net(&paid), 3_998);
    sweep(&app).await;
    assert_eq!(pay(&app, &open_intent).await, 400, "the checkout was closed");
    let refunded = || async { (app.stack().payments().ledger().net(&paid) == 0).then_some(()) };
    eventually("the payment is refunded", refunded).await;
    assert_consistent(&app, product, vec![paid, open]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_of_an_unknown_order_is_listed_for_moderators() {
    let app = TestApp::start_with(|builder| builder.parameter("ReconciliationSeconds", "0")).await;
    let moderator = app.user_with_role("moderator", Role::Moderator).await;
    let order = "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS";
    let sweeper = app.stack().deployment().function("schedule-sweeper").unwrap();
    let key = &sweeper.environment["AGORA_PAYMENT_GATEWAY_KEY"];
    let address = format!("{}/v1/payment_intents", app.stack().payments_endpoint());
    let charge = reqwest::Client::new().post(address).bearer_auth(key).form(&[
        ("amount", "3998"),
        ("currency", "eur"),
        ("metadata[order_id]", order),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("payment_method_types[]", "card"),
    ]);
    assert_eq!(charge.send().await.unwrap().status(), StatusCode::OK);
    for _ in 0..2 {
        sweep(&app).await;
    }
    let path = "/v1/payments/discrepancies?status=open";
    let listed = || async {
        let response = app.request(Method::GET, path).by(&moderator).send().await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        let found = response.json()["data"].as_array().cloned().unwrap_or_default();
        (!found.is_empty()).then_some(found)
    };
    let found = eventually("the discrepancy is listed", listed).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["orderId"], &found[0]["difference"]), (&json!(order), &json!("no_order")));
    assert_eq!(found[0]["atGateway"]["captured"]["amount"], 3_998);
}
