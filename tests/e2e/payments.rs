//! Payments by the buyer, webhooks and refunds.

mod refunds;

use http::{Method, StatusCode};
use local::faults::{Fault, Rule as FaultRule};
use serde_json::{Value, json};
use stripe_sandbox::{Effect, Operation, Rule};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::{TestApp, TestUser};

use crate::crashes::settle;

/// A stack with a seller, a buyer, and one order of two of ten mugs for 39.98 EUR.
struct Fixture {
    app: TestApp,
    seller: TestUser,
    buyer: TestUser,
    product: String,
    id: String,
}

impl Fixture {
    /// With an order that waits for its payment.
    async fn unpaid() -> Self {
        Self::in_app(TestApp::start().await, None).await
    }

    /// With an order that is paid.
    async fn paid() -> Self {
        let fixture = Self::in_app(TestApp::start().await, Some("pm_card_visa")).await;
        fixture.wait_for("confirmed").await;
        fixture
    }

    async fn in_app(app: TestApp, method: Option<&str>) -> Self {
        let (seller, buyer) = (app.register("seller").await, app.register("buyer").await);
        let product = app.product(&seller, 1_999, 10).await;
        let placed = app.order(&buyer, "k1", &product, 2, method).await.data(StatusCode::CREATED);
        let id = placed["id"].as_str().unwrap().to_owned();
        Self { app, seller, buyer, product, id }
    }

    /// Waits until the order has this status.
    async fn wait_for(&self, status: &str) -> Value {
        self.app.wait_for_order(&self.buyer, &self.id, &[status]).await
    }

    /// Waits for the order's payment intent.
    async fn payment_intent(&self) -> String {
        let poll = || async {
            let shown = self.app.get_order(&self.buyer, &self.id).await;
            shown["payment"]["gatewayId"].as_str().map(str::to_owned)
        };
        eventually("the order can be paid", poll).await
    }

    /// Pays at the gateway, as the buyer's browser does.
    async fn pay(&self, intent: &str, method: &str) -> StatusCode {
        let base = self.app.stack().payments_endpoint();
        let paid = reqwest::Client::new()
            .post(format!("{base}/sandbox/payment_intents/{intent}/pay"))
            .form(&[("payment_method", method)])
            .send();
        StatusCode::from_u16(paid.await.unwrap().status().as_u16()).unwrap()
    }

    /// Executes an action on the order.
    async fn act(
        &self,
        by: &TestUser,
        action: &str,
        key: &str,
        body: Value,
    ) -> test_support::app::TestResponse {
        let path = format!("/v1/orders/{}/{action}", self.id);
        self.app.request(Method::POST, &path).by(by).key(key).json(&body).send().await
    }

    async fn refund(&self, key: &str, amount: Option<i64>) -> test_support::app::TestResponse {
        let mut body = json!({ "reason": "One mug was cracked." });
        if let Some(amount) = amount {
            body["amount"] = json!({ "amount": amount, "currency": "EUR" });
        }
        self.act(&self.seller, "refund", key, body).await
    }

    /// Statuses of the order's refunds.
    async fn refunds(&self) -> Vec<String> {
        let shown = self.app.get_order(&self.buyer, &self.id).await;
        let refunds = shown["refunds"].as_array().cloned().unwrap_or_default();
        refunds.iter().map(|refund| refund["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the order has `count` refunds and all have succeeded.
    async fn wait_for_refunds(&self, count: usize) {
        let poll = || async { (self.refunds().await == vec!["succeeded"; count]).then_some(()) };
        eventually(&format!("{count} refunds have succeeded"), poll).await;
    }

    /// Delivers all webhooks, waits until the stack is idle, and audits stock and money.
    async fn violations(&self) -> Vec<String> {
        self.app.stack().payments().deliver_pending_webhooks().await;
        settle(&self.app).await;
        let stocked = [(self.product.clone(), 10)].into();
        let expectations = Expectations { stocked, acknowledged: vec![self.id.clone()] };
        MoneyAndStock::read(&self.app).await.violations(&expectations, &self.app.stack().payments().ledger())
    }

    /// Asserts that the audit finds no violation, and returns the net amount paid.
    async fn net_paid(&self) -> i64 {
        assert_eq!(self.violations().await, Vec::<String>::new());
        self.app.stack().payments().ledger().net(&self.id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_paid_by_its_buyer_is_confirmed_by_webhook() {
    let fixture = Fixture::unpaid().await;
    let intent = fixture.payment_intent().await;
    let shown = fixture.app.get_order(&fixture.buyer, &fixture.id).await;
    assert!(shown["payment"]["clientSecret"].as_str().unwrap().starts_with(&intent), "{shown}");
    assert_eq!(fixture.app.get_order(&fixture.seller, &fixture.id).await["payment"], Value::Null);

    assert_eq!(fixture.pay(&intent, "pm_card_chargeDeclined").await, StatusCode::PAYMENT_REQUIRED);
    let declined = || async {
        let path = format!("/v1/orders/{}/timeline", fixture.id);
        let timeline =
            fixture.app.request(Method::GET, &path).by(&fixture.buyer).send().await.data(StatusCode::OK);
        (timeline["fulfilment"]["failedAttempts"] == 1).then_some(timeline["fulfilment"].clone())
    };
    let step = eventually("the decline is recorded", declined).await;
    assert_eq!(step["lastError"], "the payment was declined; it can be tried again");

    assert_eq!(fixture.pay(&intent, "pm_card_visa").await, StatusCode::OK);
    let confirmed = fixture.wait_for("confirmed").await;
    assert_eq!(confirmed["payment"], Value::Null);
    let path = format!("/v1/payments/{}", confirmed["paymentId"].as_str().unwrap());
    let payment =
        fixture.app.request(Method::GET, &path).by(&fixture.seller).send().await.data(StatusCode::OK);
    assert_eq!((&payment["captured"]["amount"], &payment["gatewayId"]), (&json!(3_998), &json!(intent)));
    assert_eq!(fixture.net_paid().await, 3_998);
    assert_eq!(fixture.app.stock(&fixture.product).await, (8, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn authenticated_payment_confirms_the_order_by_webhook() {
    let app = TestApp::start().await;
    let fixture = Fixture::in_app(app, Some("pm_card_authenticationRequired")).await;
    let intent = fixture.payment_intent().await;
    assert_eq!(fixture.wait_for("awaiting_payment").await["payment"]["gatewayId"], intent.as_str());
    let address = format!("{}/sandbox/payment_intents/{intent}/pay", fixture.app.stack().payments_endpoint());
    let authenticated = reqwest::Client::new().post(address).send().await.unwrap();
    assert_eq!(authenticated.status(), 200);
    fixture.wait_for("confirmed").await;
    assert_eq!(fixture.net_paid().await, 3_998);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_webhook_confirms_once_and_forged_one_never() {
    let fixture = Fixture::unpaid().await;
    let intent = fixture.payment_intent().await;
    let forged = json!({
        "id": "evt_forged",
        "type": "payment_intent.succeeded",
        "data": { "object": {
            "id": intent, "amount_received": 3_998, "currency": "eur", "metadata": { "order_id": fixture.id },
        } },
    });
    let signed = format!("t=1,v1={}", "0".repeat(64));
    let request =
        fixture.app.request(Method::POST, "/v1/payments/webhook").header("stripe-signature", &signed);
    assert_eq!(request.json(&forged).send().await.code(StatusCode::UNAUTHORIZED), "INVALID_SIGNATURE");
    assert_eq!(fixture.app.get_order(&fixture.buyer, &fixture.id).await["status"], "awaiting_payment");

    let again = Rule::on(Operation::Pay, Effect::WebhookDuplicate { copies: 3 });
    fixture.app.stack().payments().add_fault_rule(again);
    assert_eq!(fixture.pay(&intent, "pm_card_visa").await, StatusCode::OK);
    let confirmed = fixture.wait_for("confirmed").await;
    assert_eq!(fixture.net_paid().await, 3_998);
    assert_eq!(fixture.app.get_order(&fixture.buyer, &fixture.id).await["version"], confirmed["version"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_after_the_end_is_refunded_or_refused() {
    for end in ["cancelled", "expired"] {
        let seconds = if end == "expired" { "3" } else { "86400" };
        let app = TestApp::start_with(|builder| builder.parameter("PaymentWindowSeconds", seconds)).await;
        let fixture = Fixture::in_app(app, None).await;
        let intent = fixture.payment_intent().await;
        if end == "expired" {
            let expired = || async {
                fixture.app.stack().run_schedule("schedule-sweeper").await.unwrap();
                (fixture.app.get_order(&fixture.buyer, &fixture.id).await["status"] == "expired")
                    .then_some(())
            };
            eventually("the order expires", expired).await;
        } else {
            let cancel = fixture.act(&fixture.buyer, "cancel", "c1", json!({})).await;
            assert_eq!(cancel.data(StatusCode::OK)["status"], "cancelled");
        }
        let paid = fixture.pay(&intent, "pm_card_visa").await;
        if end == "expired" {
            assert_eq!(paid, StatusCode::BAD_REQUEST, "the checkout is closed");
        } else {
            assert_eq!(paid, StatusCode::OK);
            fixture.wait_for_refunds(1).await;
        }
        assert_eq!(fixture.net_paid().await, 0, "{end}");
        let ledger = fixture.app.stack().payments().ledger();
        assert_eq!(ledger.captured_total(&fixture.id), if end == "expired" { 0 } else { 3_998 });
        assert_eq!(fixture.app.get_order(&fixture.buyer, &fixture.id).await["status"], end);
        assert_eq!(fixture.app.stock(&fixture.product).await, (10, 0), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_with_killed_receiver_is_retried_and_applied_once() {
    for nth in 1..=2 {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let fixture = Fixture::unpaid().await;
            let intent = fixture.payment_intent().await;
            fixture.app.wait_until_idle().await;
            let name = format!("call {nth}, {fault:?}");
            let kill = fixture.app.stack().faults().inject(FaultRule::new("api-payments", fault).nth(nth));
            assert_eq!(fixture.pay(&intent, "pm_card_visa").await, StatusCode::OK, "{name}");
            assert!(kill.wait_until_triggered(WAIT_TIMEOUT).await, "{name}");
            let confirmed = || async {
                fixture.app.stack().payments().deliver_pending_webhooks().await;
                (fixture.app.get_order(&fixture.buyer, &fixture.id).await["status"] == "confirmed")
                    .then_some(())
            };
            eventually(&format!("the order is confirmed despite a kill at {name}"), confirmed).await;
            assert_eq!(fixture.net_paid().await, 3_998, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_payment_and_cancel_leave_the_goods_or_the_money() {
    let mut fixture = Fixture::unpaid().await;
    for round in 0..6 {
        let intent = fixture.payment_intent().await;
        let (paid, cancelled) = tokio::join!(
            fixture.pay(&intent, "pm_card_visa"),
            fixture.act(&fixture.buyer, "cancel", "c1", json!({})),
        );
        assert_eq!(paid, StatusCode::OK);
        fixture.net_paid().await;
        let ended = fixture.app.get_order(&fixture.buyer, &fixture.id).await["status"].clone();
        let expected = if cancelled.status == StatusCode::OK { "cancelled" } else { "confirmed" };
        assert_eq!(ended, expected, "round {round}: {}", cancelled.text);
        let next =
            fixture.app.order(&fixture.buyer, &format!("race-{round}"), &fixture.product, 1, None).await;
        fixture.id = next.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    }
}
