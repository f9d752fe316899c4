//! Payments that the buyer makes, and money that goes back.

use http::{Method, StatusCode};
use local::faults::{Fault, Rule as FaultRule};
use serde_json::{Value, json};
use stripe_sandbox::{Effect, LostAnswer, Operation, Rule};
use test_support::app::{WAIT_TIMEOUT, eventually};
use test_support::audit::{Expectations, MoneyAndStock};
use test_support::seeded_bugs::mutation;
use test_support::{TestApp, TestUser};

use crate::crashes::{FULFILMENT, settle};

/// A shop with its people and one order of two mugs of ten, at 39.98 EUR.
struct Fixture {
    shop: TestApp,
    seller: TestUser,
    buyer: TestUser,
    product: String,
    id: String,
}

impl Fixture {
    /// An order that its buyer is to pay.
    async fn unpaid() -> Self {
        Self::in_shop(TestApp::open().await, None).await
    }

    /// An order that is paid.
    async fn paid() -> Self {
        let case = Self::in_shop(TestApp::open().await, Some("pm_card_visa")).await;
        case.is("confirmed").await;
        case
    }

    async fn in_shop(shop: TestApp, method: Option<&str>) -> Self {
        let (seller, buyer) = (shop.customer("seller").await, shop.customer("buyer").await);
        let product = shop.product(&seller, 1_999, 10).await;
        let placed = shop.order(&buyer, "k1", &product, 2, method).await.data(StatusCode::CREATED);
        let id = placed["id"].as_str().unwrap().to_owned();
        Self { shop, seller, buyer, product, id }
    }

    /// Waits for the order to become so.
    async fn is(&self, status: &str) -> Value {
        self.shop.order_in(&self.buyer, &self.id, &[status]).await
    }

    /// What the buyer is to pay with, as soon as there is something.
    async fn payable(&self) -> String {
        let look = || async {
            let shown = self.shop.get_order(&self.buyer, &self.id).await;
            shown["payment"]["gatewayId"].as_str().map(str::to_owned)
        };
        eventually("the order can be paid", look).await
    }

    /// The buyer pays at the gateway, in a browser.
    async fn pay(&self, intent: &str, method: &str) -> StatusCode {
        let base = self.shop.stack().payments_endpoint();
        let paid = reqwest::Client::new()
            .post(format!("{base}/sandbox/payment_intents/{intent}/pay"))
            .form(&[("payment_method", method)])
            .send();
        StatusCode::from_u16(paid.await.unwrap().status().as_u16()).unwrap()
    }

    /// What somebody is answered who does something to the order.
    async fn act(&self, by: &TestUser, action: &str, key: &str, body: Value) -> test_support::app::Answer {
        let path = format!("/v1/orders/{}/{action}", self.id);
        self.shop.ask(Method::POST, &path).by(by).key(key).json(&body).send().await
    }

    async fn refund(&self, key: &str, amount: Option<i64>) -> test_support::app::Answer {
        let mut body = json!({ "reason": "One mug was cracked." });
        if let Some(amount) = amount {
            body["amount"] = json!({ "amount": amount, "currency": "EUR" });
        }
        self.act(&self.seller, "refund", key, body).await
    }

    /// What became of the order's refunds.
    async fn refunds(&self) -> Vec<String> {
        let shown = self.shop.get_order(&self.buyer, &self.id).await;
        let refunds = shown["refunds"].as_array().cloned().unwrap_or_default();
        refunds.iter().map(|refund| refund["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until so many refunds have succeeded, and nothing else is left of any.
    async fn refunded(&self, count: usize) {
        let look = || async { (self.refunds().await == vec!["succeeded"; count]).then_some(()) };
        eventually(&format!("{count} refunds have succeeded"), look).await;
    }

    /// Once nothing moves and all webhooks are there: in what stock, money and records do not agree.
    async fn violations(&self) -> Vec<String> {
        self.shop.stack().payments().deliver_pending_webhooks().await;
        settle(&self.shop).await;
        let stocked = [(self.product.clone(), 10)].into();
        let journal = Expectations { stocked, acknowledged: vec![self.id.clone()] };
        MoneyAndStock::read(&self.shop).await.violations(&journal, &self.shop.stack().payments().ledger())
    }

    /// Stock, money and records agree in the end; says what stayed with the shop.
    async fn balances(&self) -> i64 {
        assert_eq!(self.violations().await, Vec::<String>::new());
        self.shop.stack().payments().ledger().net(&self.id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_by_its_buyer_and_confirmed_by_the_webhook() {
    let case = Fixture::unpaid().await;
    let intent = case.payable().await;
    let shown = case.shop.get_order(&case.buyer, &case.id).await;
    assert!(shown["payment"]["clientSecret"].as_str().unwrap().starts_with(&intent), "{shown}");
    assert_eq!(case.shop.get_order(&case.seller, &case.id).await["payment"], Value::Null);

    assert_eq!(case.pay(&intent, "pm_card_chargeDeclined").await, StatusCode::PAYMENT_REQUIRED);
    let declined = || async {
        let path = format!("/v1/orders/{}/timeline", case.id);
        let timeline = case.shop.ask(Method::GET, &path).by(&case.buyer).send().await.data(StatusCode::OK);
        (timeline["fulfilment"]["failedAttempts"] == 1).then_some(timeline["fulfilment"].clone())
    };
    let step = eventually("the decline is noted", declined).await;
    assert_eq!(step["lastError"], "the payment was declined; it can be tried again");

    assert_eq!(case.pay(&intent, "pm_card_visa").await, StatusCode::OK);
    let confirmed = case.is("confirmed").await;
    assert_eq!(confirmed["payment"], Value::Null);
    let path = format!("/v1/payments/{}", confirmed["paymentId"].as_str().unwrap());
    let payment = case.shop.ask(Method::GET, &path).by(&case.seller).send().await.data(StatusCode::OK);
    assert_eq!((&payment["captured"]["amount"], &payment["gatewayId"]), (&json!(3_998), &json!(intent)));
    assert_eq!(case.balances().await, 3_998);
    assert_eq!(case.shop.stock(&case.product).await, (8, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_four_times_confirms_once_and_a_forged_one_never() {
    let case = Fixture::unpaid().await;
    let intent = case.payable().await;
    let forged = json!({
        "id": "evt_forged",
        "type": "payment_intent.succeeded",
        "data": { "object": {
            "id": intent, "amount_received": 3_998, "currency": "eur", "metadata": { "order_id": case.id },
        } },
    });
    let signed = format!("t=1,v1={}", "0".repeat(64));
    let ask = case.shop.ask(Method::POST, "/v1/payments/webhook").header("stripe-signature", &signed);
    assert_eq!(ask.json(&forged).send().await.code(StatusCode::UNAUTHORIZED), "INVALID_SIGNATURE");
    assert_eq!(case.shop.get_order(&case.buyer, &case.id).await["status"], "awaiting_payment");

    let again = Rule::on(Operation::Pay, Effect::WebhookDuplicate { copies: 3 });
    case.shop.stack().payments().add_fault_rule(again);
    assert_eq!(case.pay(&intent, "pm_card_visa").await, StatusCode::OK);
    let confirmed = case.is("confirmed").await;
    assert_eq!(case.balances().await, 3_998);
    assert_eq!(case.shop.get_order(&case.buyer, &case.id).await["version"], confirmed["version"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_after_the_order_was_cancelled_or_expired_goes_back_by_itself() {
    for end in ["cancelled", "expired"] {
        let seconds = if end == "expired" { "3" } else { "86400" };
        let shop = TestApp::open_with(|builder| builder.parameter("PaymentWindowSeconds", seconds)).await;
        let case = Fixture::in_shop(shop, None).await;
        let intent = case.payable().await;
        if end == "expired" {
            let expired = || async {
                case.shop.stack().run_schedule("schedule-sweeper").await.unwrap();
                (case.shop.get_order(&case.buyer, &case.id).await["status"] == "expired").then_some(())
            };
            eventually("the order expires", expired).await;
        } else {
            let cancel = case.act(&case.buyer, "cancel", "c1", json!({})).await;
            assert_eq!(cancel.data(StatusCode::OK)["status"], "cancelled");
        }
        assert_eq!(case.pay(&intent, "pm_card_visa").await, StatusCode::OK);
        case.refunded(1).await;
        assert_eq!(case.balances().await, 0, "{end}");
        let ledger = case.shop.stack().payments().ledger();
        assert_eq!((ledger.captured_total(&case.id), ledger.refunds_of(&case.id).len()), (3_998, 1));
        assert_eq!(case.shop.get_order(&case.buyer, &case.id).await["status"], end);
        assert_eq!(case.shop.stock(&case.product).await, (10, 0), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_refunds_are_made_once_each_until_all_has_gone_back() {
    let case = Fixture::paid().await;
    for (key, amount) in [("r1", 500), ("r2", 500), ("r2", 500), ("r3", 1_000)] {
        let asked = case.refund(key, Some(amount)).await.data(StatusCode::OK);
        assert_eq!(asked["status"], "confirmed");
    }
    assert_eq!(case.refund("r4", Some(1_999)).await.code(StatusCode::CONFLICT), "INVALID_STATE");
    case.refunded(3).await;
    assert_eq!(case.balances().await, 1_998);
    assert_eq!(case.shop.stock(&case.product).await, (8, 0));

    let parcel = json!({ "carrier": "DHL", "trackingNumber": "00340434161094042557" });
    assert_eq!(case.act(&case.seller, "ship", "s1", parcel).await.data(StatusCode::OK)["status"], "shipped");
    assert_eq!(
        case.act(&case.seller, "deliver", "d1", json!({})).await.data(StatusCode::OK)["status"],
        "delivered"
    );
    assert_eq!(case.refund("r5", None).await.data(StatusCode::OK)["refunds"][3]["amount"]["amount"], 1_998);
    case.is("refunded").await;
    assert_eq!(case.balances().await, 0);
    assert_eq!(case.shop.stock(&case.product).await, (8, 0), "what was shipped does not come back by itself");
    assert_eq!(case.shop.stack().payments().ledger().refunds_of(&case.id).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_in_full_before_shipping_gives_the_stock_back_and_a_cancel_the_rest() {
    let case = Fixture::paid().await;
    assert_eq!(case.refund("r1", Some(1_000)).await.status, StatusCode::OK);
    assert_eq!(case.act(&case.buyer, "cancel", "c1", json!({})).await.status, StatusCode::OK);
    case.refunded(2).await;
    assert_eq!(case.balances().await, 0);
    assert_eq!(case.shop.stock(&case.product).await, (10, 0));

    let second = case.shop.order(&case.buyer, "k2", &case.product, 3, Some("pm_card_visa")).await;
    let id = second.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let case = Fixture { id, ..case };
    case.is("confirmed").await;
    assert_eq!(case.refund("r2", None).await.status, StatusCode::OK);
    case.is("refunded").await;
    assert_eq!(case.balances().await, 0);
    assert_eq!(case.shop.stock(&case.product).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_answer_is_lost_or_fails_is_made_once() {
    for effect in [
        Effect::ChargeAndDropResponse { answer: LostAnswer::Close },
        Effect::ChargeAndDropResponse { answer: LostAnswer::InternalError },
        Effect::Fail { status: 500 },
        Effect::Fail { status: 503 },
    ] {
        let case = Fixture::paid().await;
        let name = format!("{effect:?}");
        case.shop.stack().payments().add_fault_rule(Rule::on(Operation::Refund, effect).times(1));
        for (key, amount) in [("r1", 700), ("r2", 700)] {
            assert_eq!(case.refund(key, Some(amount)).await.status, StatusCode::OK, "{name}");
        }
        let done = || async {
            case.shop.stack().redeliver().await;
            (case.refunds().await == ["succeeded"; 2]).then_some(())
        };
        eventually(&format!("both refunds have succeeded in spite of {name}"), done).await;
        assert_eq!(case.balances().await, 2_598, "{name}");
        assert_eq!(case.shop.stack().payments().ledger().refunds_of(&case.id).len(), 2, "{name}");
    }
}

/// The fulfilment loads the order, asks the gateway, and commits what it said.
const CALLS_OF_A_REFUND: u64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_kill_at_each_call_of_a_refund() {
    let case = Fixture::paid().await;
    case.balances().await;
    let (mut trials, mut kills) = (0, 0);
    for nth in 1..=CALLS_OF_A_REFUND {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            trials += 1;
            let kill = case.shop.stack().faults().inject(FaultRule::new(FULFILMENT, fault).nth(nth));
            assert_eq!(case.refund(&format!("r{trials}"), Some(100)).await.status, StatusCode::OK);
            kills += usize::from(kill.wait_until_triggered(WAIT_TIMEOUT).await);
            assert_eq!(case.balances().await, 3_998 - 100 * i64::try_from(trials).unwrap());
            assert_eq!(case.refunds().await, vec!["succeeded"; trials]);
        }
    }
    println!(
        "kill -9 of the fulfilment at each call of a refund: {trials} trials, {kills} kills, 0 violations"
    );
    assert_eq!((trials, kills), (6, 6));
    assert_eq!(case.shop.stack().payments().ledger().refunds_of(&case.id).len(), trials);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_its_idempotency_key_is_noticed() {
    let case = Fixture::paid().await;
    case.balances().await;
    case.shop.stack().faults().add_mutation(mutation("refund-without-key"));
    let kill = FaultRule::new(FULFILMENT, Fault::KillAfter).operation("POST /v1/refunds");
    let kill = case.shop.stack().faults().inject(kill);
    assert_eq!(case.refund("r1", Some(100)).await.status, StatusCode::OK);
    assert!(kill.wait_until_triggered(WAIT_TIMEOUT).await);
    let violations = case.violations().await;
    println!("planted: a refund without its idempotency key: {} violations", violations.len());
    assert!(violations.iter().any(|violation| violation.contains("refunded on record")), "{violations:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_whose_receiver_is_killed_comes_again_and_has_its_effect_once() {
    for nth in 1..=2 {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let case = Fixture::unpaid().await;
            let intent = case.payable().await;
            case.shop.wait_until_idle().await;
            let name = format!("call {nth}, {fault:?}");
            let kill = case.shop.stack().faults().inject(FaultRule::new("api-payments", fault).nth(nth));
            assert_eq!(case.pay(&intent, "pm_card_visa").await, StatusCode::OK, "{name}");
            assert!(kill.wait_until_triggered(WAIT_TIMEOUT).await, "{name}");
            let confirmed = || async {
                case.shop.stack().payments().deliver_pending_webhooks().await;
                (case.shop.get_order(&case.buyer, &case.id).await["status"] == "confirmed").then_some(())
            };
            eventually(&format!("the order is confirmed in spite of a kill at {name}"), confirmed).await;
            assert_eq!(case.balances().await, 3_998, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_of_payment_and_cancel_ends_with_the_goods_or_the_money_and_never_both() {
    let mut case = Fixture::unpaid().await;
    for round in 0..6 {
        let intent = case.payable().await;
        let (paid, cancelled) = tokio::join!(
            case.pay(&intent, "pm_card_visa"),
            case.act(&case.buyer, "cancel", "c1", json!({})),
        );
        assert_eq!(paid, StatusCode::OK);
        case.balances().await;
        let ended = case.shop.get_order(&case.buyer, &case.id).await["status"].clone();
        let expected = if cancelled.status == StatusCode::OK { "cancelled" } else { "confirmed" };
        assert_eq!(ended, expected, "round {round}: {}", cancelled.text);
        let next = case.shop.order(&case.buyer, &format!("race-{round}"), &case.product, 1, None).await;
        case.id = next.data(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    }
}
