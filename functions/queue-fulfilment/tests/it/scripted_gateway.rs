//! Order sagas with a scripted gateway.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::payment::refund::gateway_refund::GatewayRefund;
use shared::domain::order::payment::refund::{RefundIntent, RefundStatus};
use shared::domain::order::payment::{
    Capture, ChargeIntent, Checkout, CheckoutIntent, ClientSecret, DeclineCode, GatewayId,
};
use shared::kit::command::CorrelationId;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::payment_gateway::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutClosure, CheckoutOutcome, GatewayError,
    PaymentGateway, RefundAnswer,
};
use test_support::fixture::{ORDER, id, stock};
use test_support::queue_function::{BatchResult, handle};

use super::{Fixture, created};

/// Scripted behaviour of one gateway call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScriptedAnswer {
    Capture,
    Decline,
    Nothing,
    /// A charge fails, and the failure is known to the gateway; a lookup finds nothing.
    Break,
    Fail(GatewayError),
    Panic,
}

/// Gateway that follows a script and records its calls. It repeats the last entry of the script.
#[derive(Debug, Clone)]
pub(crate) struct ScriptedGateway {
    script: Arc<Mutex<VecDeque<ScriptedAnswer>>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl ScriptedGateway {
    pub(crate) fn new(script: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into_iter().collect())), calls: Arc::default() }
    }

    /// The calls so far, each with its correlation id.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn next(&self, call: &str, correlation: &CorrelationId) -> ScriptedAnswer {
        self.calls.lock().unwrap().push(format!("{call} for {correlation}"));
        let mut script = self.script.lock().unwrap();
        let next = if script.len() > 1 { script.pop_front() } else { script.front().copied() };
        next.unwrap()
    }
}

fn capture(intent: &ChargeIntent) -> Capture {
    Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: intent.amount }
}

#[expect(clippy::panic, reason = "panicking handlers are tested, too")]
fn charge_result(
    answer: ScriptedAnswer,
    intent: &ChargeIntent,
) -> Result<Option<ChargeOutcome>, GatewayError> {
    match answer {
        ScriptedAnswer::Capture => Ok(Some(ChargeOutcome::Captured(capture(intent)))),
        ScriptedAnswer::Decline => Ok(Some(ChargeOutcome::Declined(DeclineCode::new("card_declined")))),
        ScriptedAnswer::Nothing | ScriptedAnswer::Break => Ok(None),
        ScriptedAnswer::Fail(error) => Err(error),
        ScriptedAnswer::Panic => panic!("the gateway's adapter is broken"),
    }
}

impl PaymentGateway for ScriptedGateway {
    async fn charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeAnswer, GatewayError> {
        let answer = self.next(&format!("charge {}", intent.idempotency_key()), correlation);
        charge_result(answer, intent).map(|outcome| outcome.map_or(ChargeAnswer::Failed, ChargeAnswer::Known))
    }

    async fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        charge_result(self.next("find", correlation), intent)
    }

    async fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeResolution, GatewayError> {
        let answer = self.next("settle", correlation);
        let captured = charge_result(answer, intent)?.map(|_| ChargeResolution::Captured(capture(intent)));
        let unresolved = if matches!(answer, ScriptedAnswer::Break) {
            ChargeResolution::Failed
        } else {
            ChargeResolution::NotCharged
        };
        Ok(captured.unwrap_or(unresolved))
    }

    async fn create_checkout(
        &self,
        _: &CheckoutIntent,
        correlation: &CorrelationId,
    ) -> Result<CheckoutOutcome, GatewayError> {
        let client_secret = ClientSecret("pi_1_secret".to_owned());
        match self.next("open", correlation) {
            ScriptedAnswer::Fail(error) => Err(error),
            ScriptedAnswer::Decline => Ok(CheckoutOutcome::Refused(DeclineCode::new("amount_too_small"))),
            _ => Ok(CheckoutOutcome::Payable(Checkout {
                gateway_id: GatewayId("pi_1".to_owned()),
                client_secret,
            })),
        }
    }

    async fn close_checkout(
        &self,
        _: &GatewayId,
        correlation: &CorrelationId,
    ) -> Result<CheckoutClosure, GatewayError> {
        match self.next("close", correlation) {
            ScriptedAnswer::Fail(error) => Err(error),
            ScriptedAnswer::Break => Ok(CheckoutClosure::Processing),
            _ => Ok(CheckoutClosure::Closed),
        }
    }

    async fn refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> Result<RefundAnswer, GatewayError> {
        match self.next(&format!("refund {}", intent.idempotency_key()), correlation) {
            ScriptedAnswer::Fail(error) => Err(error),
            ScriptedAnswer::Nothing | ScriptedAnswer::Break => Ok(RefundAnswer::NotRefunded),
            ScriptedAnswer::Decline => Ok(RefundAnswer::Refused(DeclineCode::new("charge_disputed"))),
            ScriptedAnswer::Capture | ScriptedAnswer::Panic => Ok(RefundAnswer::Accepted(GatewayRefund {
                id: GatewayId(format!("re_{}", intent.number)),
                payment: intent.gateway_id.clone(),
                order_id: Some(intent.order_id),
                name: Some(intent.name()),
                amount: intent.amount,
                status: RefundStatus::Succeeded,
                failure: None,
            })),
        }
    }

    /// The gateway lists no refunds.
    async fn refunds(&self, _: &GatewayId, _: &CorrelationId) -> Result<Vec<GatewayRefund>, GatewayError> {
        Ok(Vec::new())
    }
}

impl Fixture {
    pub(crate) async fn handle_scripted(&self, gateway: &ScriptedGateway) -> BatchResult {
        handle(&self.handler(gateway.clone()), &created()).await
    }
}

#[tokio::test]
async fn order_waits_for_the_gateway_and_shows_the_last_error() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let gateway = ScriptedGateway::new([
        ScriptedAnswer::Fail(GatewayError::Unavailable),
        ScriptedAnswer::Fail(GatewayError::Misconfigured),
        ScriptedAnswer::Capture,
    ]);
    for (attempt, error) in
        [(1, "the payment gateway does not respond"), (2, "the payment gateway rejects our requests")]
    {
        let result = fixture.handle_scripted(&gateway).await;
        assert_eq!(result.retried(), ["m1"], "{result:?}");
        assert!(result.retry_delay() <= Duration::from_secs(2), "{result:?}");
        let (order, attempts) = fixture.marketplace.reader.order_with_attempts(id(ORDER)).await.unwrap();
        assert!(matches!(order.unwrap().fulfilment, Fulfilment::Charging { .. }));
        let attempts = attempts.unwrap();
        assert_eq!((attempts.failed, attempts.step.as_str()), (attempt, "charging"));
        assert_eq!(attempts.last_error, error);
        assert!(attempts.next_at >= Some(attempts.failed_at));
        assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0));
    }
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert_eq!(fixture.status().await, "confirmed");
    let charge = format!("charge {ORDER}-charge-1 for a-test");
    assert_eq!(gateway.calls(), [charge.as_str(); 3], "each attempt uses the same idempotency key");
}

#[tokio::test]
async fn charge_of_unknown_outcome_is_looked_up_not_repeated() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let gateway = ScriptedGateway::new([ScriptedAnswer::Break, ScriptedAnswer::Fail(GatewayError::Unknown)]);
    for _ in 0..2 {
        let result = fixture.handle_scripted(&gateway).await;
        assert!(result.failures.is_empty(), "the delivery does not count as failed: {result:?}");
        assert_eq!(result.calls.retried.len(), 1, "{result:?}");
    }
    let calls =
        [&format!("charge {ORDER}-charge-1"), "find", "find"].map(|call| format!("{call} for a-test"));
    assert_eq!(gateway.calls(), calls, "the charge is not repeated");
}

#[tokio::test]
async fn overdue_payment_in_processing_is_awaited_again() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    assert!(fixture.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Capture])).await.is_success());
    let tomorrow = SystemClock.now().saturating_add(Duration::from_hours(25));
    fixture.marketplace.run_at(tomorrow, ExpireOrder { id: id(ORDER) }).await;
    let gateway =
        ScriptedGateway::new([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Break]);
    assert_eq!(fixture.handle_scripted(&gateway).await.retried(), ["m1"]);
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert!(order.fulfilment.payment_deadline() > Some(SystemClock.now()), "{:?}", order.fulfilment);
    assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0));
}

#[tokio::test]
async fn failed_charges_do_not_use_up_deliveries() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let gateway = ScriptedGateway::new([ScriptedAnswer::Break]);
    for charge in 1..=10 {
        assert_eq!(fixture.handle_scripted(&gateway).await.retried(), ["m1"], "charge {charge}");
    }
    let charges = gateway.calls().into_iter().filter(|call| call.starts_with("charge")).count();
    assert_eq!(charges, 10);
}

#[tokio::test]
async fn failed_charge_is_retried_with_a_new_key_once_per_message() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let first = ScriptedGateway::new([ScriptedAnswer::Break]);
    assert_eq!(fixture.handle_scripted(&first).await.calls.retried.len(), 1);
    let calls = [&format!("charge {ORDER}-charge-1"), "find"].map(|call| format!("{call} for a-test"));
    assert_eq!(first.calls(), calls);

    let second = ScriptedGateway::new([ScriptedAnswer::Nothing, ScriptedAnswer::Capture]);
    assert!(fixture.handle_scripted(&second).await.is_success());
    let calls = ["find", &format!("charge {ORDER}-charge-2")].map(|call| format!("{call} for a-test"));
    assert_eq!(second.calls(), calls);
    assert_eq!(fixture.status().await, "confirmed");
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn order_cancelled_during_a_charge_is_resolved() {
    let (settle, find, refund) =
        ("settle".to_owned(), "find".to_owned(), format!("refund {ORDER}-refund-1-1"));
    for (outcomes, calls) in [
        (vec![ScriptedAnswer::Nothing], vec![&settle]),
        (vec![ScriptedAnswer::Capture], vec![&settle, &refund]),
        (vec![ScriptedAnswer::Break, ScriptedAnswer::Nothing], vec![&settle, &find]),
        (vec![ScriptedAnswer::Break, ScriptedAnswer::Decline], vec![&settle, &find]),
        (vec![ScriptedAnswer::Break, ScriptedAnswer::Capture], vec![&settle, &find, &refund]),
    ] {
        let fixture = Fixture::open().await;
        fixture.marketplace.order(Some("pm_card_visa")).await;
        fixture
            .handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Fail(GatewayError::Unavailable)]))
            .await;
        fixture.cancel().await;
        let gateway = ScriptedGateway::new(outcomes.into_iter().chain([ScriptedAnswer::Capture]));
        assert!(fixture.handle_scripted(&gateway).await.is_success());
        let expected: Vec<String> = calls.iter().map(|call| format!("{call} for a-test")).collect();
        assert_eq!(gateway.calls(), expected);
        assert_eq!(fixture.status().await, "cancelled");
        assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await.fulfilment, Fulfilment::Finished);
        assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
    }
}

#[tokio::test]
async fn failed_refund_is_retried_until_it_succeeds() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Capture])).await;
    fixture.cancel().await;
    let gateway =
        ScriptedGateway::new([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Capture]);
    assert_eq!(fixture.handle_scripted(&gateway).await.retried(), ["m1"]);
    let attempts = fixture.marketplace.reader.order_with_attempts(id(ORDER)).await.unwrap().1.unwrap();
    assert_eq!(attempts.step, "refunding");
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await.fulfilment, Fulfilment::Finished);
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn declined_order_stays_rejected() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    assert!(fixture.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Decline])).await.is_success());
    let again = ScriptedGateway::new([ScriptedAnswer::Capture]);
    assert!(fixture.handle_scripted(&again).await.is_success());
    assert_eq!(fixture.status().await, "rejected");
    assert!(again.calls().is_empty());
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

impl Fixture {
    /// The statuses of the order's refunds.
    async fn refunds(&self) -> Vec<RefundStatus> {
        self.marketplace.stored_order(id(ORDER)).await.refunds.iter().map(|refund| refund.status).collect()
    }

    /// Fixture with a confirmed order.
    async fn confirmed() -> Self {
        let fixture = Self::open().await;
        fixture.marketplace.order(Some("pm_card_visa")).await;
        assert!(fixture.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Capture])).await.is_success());
        fixture
    }
}

#[tokio::test]
async fn each_refund_uses_its_own_key() {
    let fixture = Fixture::confirmed().await;
    fixture.marketplace.refund_by_seller(Some(1_000)).await;
    fixture.marketplace.refund_by_seller(Some(2_000)).await;
    let gateway = ScriptedGateway::new([ScriptedAnswer::Capture]);
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    let calls = [1, 2].map(|n| format!("refund {ORDER}-refund-{n}-1 for a-test"));
    assert_eq!(gateway.calls(), calls, "each refund is requested once");
    assert_eq!(fixture.refunds().await, [RefundStatus::Succeeded; 2]);
    assert_eq!(fixture.status().await, "confirmed");
    fixture.marketplace.refund_by_seller(Some(998)).await;
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert_eq!(fixture.status().await, "refunded");
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn failed_refund_is_retried_with_a_new_key_once_per_message() {
    let fixture = Fixture::confirmed().await;
    fixture.marketplace.refund_by_seller(Some(1_000)).await;
    let first = ScriptedGateway::new([ScriptedAnswer::Nothing]);
    assert_eq!(fixture.handle_scripted(&first).await.retried(), ["m1"]);
    let second = ScriptedGateway::new([ScriptedAnswer::Nothing, ScriptedAnswer::Capture]);
    let result = fixture.handle_scripted(&second).await;
    assert!(result.is_success() || result.retried() == ["m1"]);
    assert!(fixture.handle_scripted(&second).await.is_success());
    assert_eq!(first.calls()[0], format!("refund {ORDER}-refund-1-1 for a-test"));
    assert_eq!(first.calls()[1], format!("refund {ORDER}-refund-1-2 for a-test"));
    assert_eq!(second.calls()[1], format!("refund {ORDER}-refund-1-3 for a-test"));
    assert_eq!(fixture.refunds().await, [RefundStatus::Succeeded]);
}

#[tokio::test]
async fn refused_refund_of_a_cancelled_order_fails() {
    let fixture = Fixture::confirmed().await;
    fixture.marketplace.refund_by_seller(Some(1_000)).await;
    let refusing = ScriptedGateway::new([ScriptedAnswer::Decline]);
    assert!(fixture.handle_scripted(&refusing).await.is_success());
    assert_eq!(fixture.refunds().await, [RefundStatus::Failed]);

    fixture.cancel().await;
    assert!(fixture.handle_scripted(&refusing).await.is_success(), "nothing retries by itself");
    assert_eq!(fixture.refunds().await, [RefundStatus::Failed; 2]);
    let order = fixture.marketplace.stored_order(id(ORDER)).await;
    assert_eq!((fixture.status().await.as_str(), order.fulfilment), ("cancelled", Fulfilment::Finished));
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));

    fixture.marketplace.refund_by_seller(Some(3_998)).await;
    assert!(fixture.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Capture])).await.is_success());
    assert_eq!(fixture.refunds().await[2], RefundStatus::Succeeded);
    assert_eq!(fixture.status().await, "cancelled");
}

#[tokio::test]
async fn checkout_is_created_once() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    let gateway =
        ScriptedGateway::new([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Capture]);
    assert_eq!(fixture.handle_scripted(&gateway).await.retried(), ["m1"]);
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert!(fixture.handle_scripted(&gateway).await.is_success());
    assert_eq!(gateway.calls(), ["open for a-test", "open for a-test"]);
    let Fulfilment::AwaitingPayment { checkout: Some(checkout), .. } =
        fixture.marketplace.stored_order(id(ORDER)).await.fulfilment
    else {
        panic!("the order awaits its payment")
    };
    assert_eq!(checkout.gateway_id, GatewayId("pi_1".to_owned()));
}

#[tokio::test]
async fn order_is_rejected_if_the_checkout_is_refused() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(None).await;
    assert!(fixture.handle_scripted(&ScriptedGateway::new([ScriptedAnswer::Decline])).await.is_success());
    assert_eq!(fixture.status().await, "rejected");
    assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
}
