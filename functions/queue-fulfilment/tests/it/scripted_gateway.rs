//! A gateway that does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::refund::RefundOrder;
use shared::domain::payment::{
    Capture, ChargeIntent, Checkout, CheckoutIntent, ClientSecret, DeclineCode, GatewayId,
};
use shared::domain::refund::{RefundIntent, RefundStatus};
use shared::kit::command::CorrelationId;
use shared::kit::system::clock::{Clock, SystemClock};
use shared::payment_gateway::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutOutcome, GatewayError, PaymentGateway,
    RefundAnswer, RefundOutcome,
};
use shared::repository::order::OrderReader;
use test_support::fixture::{ORDER, cents, id, seller};

use super::{Ended, Fixture, created, stock};

/// What the gateway does next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScriptedAnswer {
    Capture,
    Decline,
    Nothing,
    /// Fails at a charge, and remembers that; has nothing of it on its books.
    Break,
    Fail(GatewayError),
    Panic,
}

/// A gateway that follows a script, writes down what it is asked, and then does as at the end of the script.
#[derive(Debug, Clone)]
pub(crate) struct ScriptedGateway {
    script: Arc<Mutex<VecDeque<ScriptedAnswer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ScriptedGateway {
    pub(crate) fn to(script: impl IntoIterator<Item = ScriptedAnswer>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into_iter().collect())), asked: Arc::default() }
    }

    /// Everything that it was asked: what, and under which correlation id.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn next(&self, what: &str, correlation: &CorrelationId) -> ScriptedAnswer {
        self.asked.lock().unwrap().push(format!("{what} for {correlation}"));
        let mut script = self.script.lock().unwrap();
        let next = if script.len() > 1 { script.pop_front() } else { script.front().copied() };
        next.unwrap()
    }
}

fn capture(intent: &ChargeIntent) -> Capture {
    Capture { gateway_id: GatewayId("pi_1".to_owned()), amount: intent.amount }
}

#[expect(clippy::panic, reason = "a handler that panics is among what is tested")]
fn charged(does: ScriptedAnswer, intent: &ChargeIntent) -> Result<Option<ChargeOutcome>, GatewayError> {
    match does {
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
        let does = self.next(&format!("charge {}", intent.idempotency_key()), correlation);
        charged(does, intent).map(|charged| charged.map_or(ChargeAnswer::Failed, ChargeAnswer::Ended))
    }

    async fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        charged(self.next("find", correlation), intent)
    }

    async fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeResolution, GatewayError> {
        let does = self.next("settle", correlation);
        let charged = charged(does, intent)?.map(|_| ChargeResolution::Captured(capture(intent)));
        let not = if matches!(does, ScriptedAnswer::Break) {
            ChargeResolution::Failed
        } else {
            ChargeResolution::NotCharged
        };
        Ok(charged.unwrap_or(not))
    }

    async fn open(
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

    async fn refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> Result<RefundAnswer, GatewayError> {
        let does = self.next(&format!("refund {}", intent.idempotency_key()), correlation);
        Ok(refunded(does)?.map_or(RefundAnswer::NotRefunded, RefundAnswer::Ended))
    }

    async fn find_refund(
        &self,
        _: &RefundIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<RefundOutcome>, GatewayError> {
        refunded(self.next("find refund", correlation))
    }
}

fn refunded(does: ScriptedAnswer) -> Result<Option<RefundOutcome>, GatewayError> {
    match does {
        ScriptedAnswer::Fail(error) => Err(error),
        ScriptedAnswer::Nothing | ScriptedAnswer::Break => Ok(None),
        ScriptedAnswer::Decline => Ok(Some(RefundOutcome::Refused(DeclineCode::new("charge_disputed")))),
        ScriptedAnswer::Capture | ScriptedAnswer::Panic => Ok(Some(RefundOutcome::Done)),
    }
}

impl Fixture {
    pub(crate) async fn handle_told(&self, gateway: &ScriptedGateway) -> Ended {
        let deadline = SystemClock.now().saturating_add(Duration::from_secs(28));
        self.handle_with(gateway.clone(), &created(), deadline).await
    }
}

#[tokio::test]
async fn an_order_waits_while_the_gateway_does_not_answer_and_says_why() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let gateway = ScriptedGateway::to([
        ScriptedAnswer::Fail(GatewayError::Unavailable),
        ScriptedAnswer::Fail(GatewayError::Misconfigured),
        ScriptedAnswer::Capture,
    ]);
    for (attempt, error) in
        [(1, "the payment gateway does not answer"), (2, "the payment gateway does not accept our requests")]
    {
        let ended = saga.handle_told(&gateway).await;
        assert_eq!(ended.failures, ["m1"]);
        assert_eq!(ended.asked.delayed.len(), 1);
        assert_eq!(ended.asked.delayed[0].0, "handle of m1");
        assert!(ended.asked.delayed[0].1 <= Duration::from_secs(2), "{ended:?}");
        let (order, attempts) = saga.scene.reader.order_with_attempts(id(ORDER)).await.unwrap();
        assert!(matches!(order.unwrap().fulfilment, Fulfilment::Charging { .. }));
        let attempts = attempts.unwrap();
        assert_eq!((attempts.failed, attempts.step.as_str()), (attempt, "charging"));
        assert_eq!(attempts.last_error, error);
        assert!(attempts.next_at >= Some(attempts.failed_at));
        assert_eq!(saga.stock().await, stock(8, 2, 0));
    }
    assert!(saga.handle_told(&gateway).await.is_done());
    assert_eq!(saga.status().await, "confirmed");
    let charge = format!("charge {ORDER}-charge-1 for a-test");
    assert_eq!(gateway.asked(), [charge.as_str(); 3], "always under the same key");
}

#[tokio::test]
async fn a_charge_that_is_looked_up_comes_back_no_sooner_than_it_can_be_known() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let known_in = Duration::from_secs(61);
    let gateway = ScriptedGateway::to([
        ScriptedAnswer::Break,
        ScriptedAnswer::Fail(GatewayError::Unknown { known_in }),
    ]);
    for _ in 0..2 {
        let ended = saga.handle_told(&gateway).await;
        assert!(ended.failures.is_empty(), "no delivery of it failed: {ended:?}");
        assert!(ended.asked.postponed[0].1 >= known_in, "{ended:?}");
    }
    let asked =
        [&format!("charge {ORDER}-charge-1"), "find", "find"].map(|what| format!("{what} for a-test"));
    assert_eq!(gateway.asked(), asked, "and is not asked for once more");
}

#[tokio::test]
async fn an_order_outlives_a_gateway_that_fails_at_some_of_its_charges_and_not_one_that_fails_at_all() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let gateway = ScriptedGateway::to([ScriptedAnswer::Break]);
    for charge in 1..=5 {
        let ended = saga.handle_told(&gateway).await;
        assert_eq!((ended.failures.len(), ended.asked.postponed.len()), (0, 1), "charge {charge}: {ended:?}");
    }
    assert_eq!(saga.handle_told(&gateway).await.failures, ["m1"], "then each is a delivery that failed");
    let charges = gateway.asked().into_iter().filter(|asked| asked.starts_with("charge")).count();
    assert_eq!(charges, 6);
}

#[tokio::test]
async fn a_charge_that_was_certainly_not_made_is_made_under_a_new_key_once_per_message() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let first = ScriptedGateway::to([ScriptedAnswer::Break]);
    assert_eq!(saga.handle_told(&first).await.asked.postponed.len(), 1);
    let asked = [&format!("charge {ORDER}-charge-1"), "find"].map(|what| format!("{what} for a-test"));
    assert_eq!(first.asked(), asked);

    let second = ScriptedGateway::to([ScriptedAnswer::Nothing, ScriptedAnswer::Capture]);
    assert!(saga.handle_told(&second).await.is_done());
    let asked = ["find", &format!("charge {ORDER}-charge-2")].map(|what| format!("{what} for a-test"));
    assert_eq!(second.asked(), asked);
    assert_eq!(saga.status().await, "confirmed");
    assert_eq!(saga.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn an_order_that_is_called_off_while_it_is_charged_is_settled() {
    let (settle, find, refund) =
        ("settle".to_owned(), "find".to_owned(), format!("refund {ORDER}-refund-1-1"));
    for (outcomes, asked) in [
        (vec![ScriptedAnswer::Nothing], vec![&settle]),
        (vec![ScriptedAnswer::Capture], vec![&settle, &refund]),
        (vec![ScriptedAnswer::Break, ScriptedAnswer::Nothing], vec![&settle, &find]),
        (vec![ScriptedAnswer::Break, ScriptedAnswer::Decline], vec![&settle, &find]),
        (vec![ScriptedAnswer::Break, ScriptedAnswer::Capture], vec![&settle, &find, &refund]),
    ] {
        let saga = Fixture::open().await;
        saga.scene.order(Some("pm_card_visa")).await;
        saga.handle_told(&ScriptedGateway::to([ScriptedAnswer::Fail(GatewayError::Unavailable)])).await;
        saga.cancel().await;
        let gateway = ScriptedGateway::to(outcomes.into_iter().chain([ScriptedAnswer::Capture]));
        assert!(saga.handle_told(&gateway).await.is_done());
        let expected: Vec<String> = asked.iter().map(|what| format!("{what} for a-test")).collect();
        assert_eq!(gateway.asked(), expected);
        assert_eq!(saga.status().await, "cancelled");
        assert_eq!(saga.order(id(ORDER)).await.fulfilment, Fulfilment::Finished);
        assert_eq!(saga.stock().await, stock(10, 0, 0));
    }
}

#[tokio::test]
async fn a_refund_that_fails_is_tried_again_until_it_is_made() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    saga.handle_told(&ScriptedGateway::to([ScriptedAnswer::Capture])).await;
    saga.cancel().await;
    let gateway =
        ScriptedGateway::to([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Capture]);
    assert_eq!(saga.handle_told(&gateway).await.failures, ["m1"]);
    let attempts = saga.scene.reader.order_with_attempts(id(ORDER)).await.unwrap().1.unwrap();
    assert_eq!(attempts.step, "refunding");
    assert_eq!(saga.stock().await, stock(8, 0, 2));
    assert!(saga.handle_told(&gateway).await.is_done());
    assert_eq!(saga.order(id(ORDER)).await.fulfilment, Fulfilment::Finished);
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn a_decline_ends_an_order_for_good() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    assert!(saga.handle_told(&ScriptedGateway::to([ScriptedAnswer::Decline])).await.is_done());
    let again = ScriptedGateway::to([ScriptedAnswer::Capture]);
    assert!(saga.handle_told(&again).await.is_done());
    assert_eq!(saga.status().await, "rejected");
    assert!(again.asked().is_empty());
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

impl Fixture {
    /// The seller decides on a refund of so many cents.
    async fn refund(&self, amount: i64) {
        let (amount, reason) = (Some(cents(amount)), "cracked".parse().unwrap());
        self.scene.run(RefundOrder { id: id(ORDER), by: seller(), amount, reason }).await;
    }

    /// What became of the order's refunds.
    async fn refunds(&self) -> Vec<RefundStatus> {
        self.order(id(ORDER)).await.refunds.iter().map(|refund| refund.status).collect()
    }

    /// With a confirmed order.
    async fn confirmed() -> Self {
        let saga = Self::open().await;
        saga.scene.order(Some("pm_card_visa")).await;
        assert!(saga.handle_told(&ScriptedGateway::to([ScriptedAnswer::Capture])).await.is_done());
        saga
    }
}

#[tokio::test]
async fn several_refunds_are_made_each_under_its_own_key() {
    let saga = Fixture::confirmed().await;
    saga.refund(1_000).await;
    saga.refund(2_000).await;
    let gateway = ScriptedGateway::to([ScriptedAnswer::Capture]);
    assert!(saga.handle_told(&gateway).await.is_done());
    assert!(saga.handle_told(&gateway).await.is_done());
    let asked = [1, 2].map(|n| format!("refund {ORDER}-refund-{n}-1 for a-test"));
    assert_eq!(gateway.asked(), asked, "once each");
    assert_eq!(saga.refunds().await, [RefundStatus::Succeeded; 2]);
    assert_eq!(saga.status().await, "confirmed");
    saga.refund(998).await;
    assert!(saga.handle_told(&gateway).await.is_done());
    assert_eq!(saga.status().await, "refunded");
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}

#[tokio::test]
async fn a_refund_that_was_certainly_not_made_is_made_under_a_new_key_once_per_message() {
    let saga = Fixture::confirmed().await;
    saga.refund(1_000).await;
    let first = ScriptedGateway::to([ScriptedAnswer::Nothing]);
    assert_eq!(saga.handle_told(&first).await.failures, ["m1"]);
    let second = ScriptedGateway::to([ScriptedAnswer::Nothing, ScriptedAnswer::Capture]);
    let ended = saga.handle_told(&second).await;
    assert!(ended.is_done() || ended.failures == ["m1"]);
    assert!(saga.handle_told(&second).await.is_done());
    assert_eq!(first.asked()[0], format!("refund {ORDER}-refund-1-1 for a-test"));
    assert_eq!(first.asked()[1], format!("refund {ORDER}-refund-1-2 for a-test"));
    assert_eq!(second.asked()[1], format!("refund {ORDER}-refund-1-3 for a-test"));
    assert_eq!(saga.refunds().await, [RefundStatus::Succeeded]);
}

#[tokio::test]
async fn a_refused_refund_of_a_seller_s_is_over_and_one_that_is_owed_is_buried_with_its_reason() {
    let saga = Fixture::confirmed().await;
    saga.refund(1_000).await;
    let refuses = ScriptedGateway::to([ScriptedAnswer::Decline]);
    assert!(saga.handle_told(&refuses).await.is_done());
    assert_eq!(saga.refunds().await, [RefundStatus::Failed]);

    saga.cancel().await;
    let ended = saga.handle_told(&refuses).await;
    let reason = "the gateway refuses a refund that is owed".to_owned();
    assert_eq!(ended.asked.buried, [("m1".to_owned(), reason)]);
    assert_eq!(saga.refunds().await, [RefundStatus::Failed, RefundStatus::Pending]);
    assert_eq!(saga.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn an_order_without_a_payment_method_is_made_payable_once() {
    let saga = Fixture::open().await;
    saga.scene.order(None).await;
    let gateway =
        ScriptedGateway::to([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Capture]);
    assert_eq!(saga.handle_told(&gateway).await.failures, ["m1"]);
    assert!(saga.handle_told(&gateway).await.is_done());
    assert!(saga.handle_told(&gateway).await.is_done());
    assert_eq!(gateway.asked(), ["open for a-test", "open for a-test"]);
    let Fulfilment::AwaitingPayment { checkout: Some(checkout), .. } = saga.order(id(ORDER)).await.fulfilment
    else {
        panic!("the order waits for its payment")
    };
    assert_eq!(checkout.gateway_id, GatewayId("pi_1".to_owned()));
}

#[tokio::test]
async fn an_order_that_the_gateway_does_not_take_a_payment_for_is_rejected() {
    let saga = Fixture::open().await;
    saga.scene.order(None).await;
    assert!(saga.handle_told(&ScriptedGateway::to([ScriptedAnswer::Decline])).await.is_done());
    assert_eq!(saga.status().await, "rejected");
    assert_eq!(saga.stock().await, stock(10, 0, 0));
}
