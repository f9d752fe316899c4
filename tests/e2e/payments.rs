//! Payments by the buyer, webhooks and refunds.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule as FaultRule};
use serde_json::{Value, json};
use stripe_sandbox::{DroppedResponse, Effect, Operation, Rule};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::seeded_bugs::mutation;
use test_support::{TestApp, TestUser};

use crate::crashes::{FULFILMENT, settle};

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
    async fn act(&self, by: &TestUser, action: &str, key: &str, body: Value) -> test_support::app::Answer {
        let path = format!("/v1/orders/{}/{action}", self.id);
        self.app.request(Method::POST, &path).by(by).key(key).json(&body).send().await
    }

    async fn refund(&self, key: &str, amount: Option<i64>) -> test_support::app::Answer {
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
async fn payment_after_cancellation_or_expiry_is_refunded() {
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
        assert_eq!(fixture.pay(&intent, "pm_card_visa").await, StatusCode::OK);
        fixture.wait_for_refunds(1).await;
        assert_eq!(fixture.net_paid().await, 0, "{end}");
        let ledger = fixture.app.stack().payments().ledger();
        assert_eq!((ledger.captured_total(&fixture.id), ledger.refunds_of(&fixture.id).len()), (3_998, 1));
        assert_eq!(fixture.app.get_order(&fixture.buyer, &fixture.id).await["status"], end);
        assert_eq!(fixture.app.stock(&fixture.product).await, (10, 0), "{end}");
    }
}

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
    fixture.app.stack().faults().add_mutation(mutation("refund-without-key"));
    let kill = FaultRule::new(FULFILMENT, Fault::KillAfter).operation("POST /v1/refunds");
    let kill = fixture.app.stack().faults().inject(kill);
    assert_eq!(fixture.refund("r1", Some(100)).await.status, StatusCode::OK);
    assert!(kill.wait_until_triggered(WAIT_TIMEOUT).await);
    let violations = fixture.violations().await;
    println!("seeded bug, a refund without idempotency key: {} violations", violations.len());
    assert!(
        violations.iter().any(|violation| violation.contains("refunded in the payment")),
        "{violations:?}"
    );
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
