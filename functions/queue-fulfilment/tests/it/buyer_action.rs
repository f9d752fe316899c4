//! Charges that wait for the buyer: authentication (3-D Secure), another card, processing, expiry.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use shared::domain::order::expire::ExpireOrder;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::payment::{Capture, ChargeIntent, Checkout, DeclineCode};
use shared::kit::command::CorrelationId;
use shared::kit::resilience::http_client::{CallError, ServiceRequest, ServiceResponse, Transport};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::payment_gateway::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutClosure, GatewayError, PaymentGateway,
    StripeGateway,
};
use stripe_sandbox::{DroppedResponse, Effect, IntentStatus, Operation, Rule};
use test_support::fixture::{ORDER, cents, id, stock};

use super::{Fixture, created};

const AUTHENTICATED_CARD: &str = "pm_card_authenticationRequired";

impl Fixture {
    fn gateway(&self) -> StripeGateway {
        StripeGateway::from_env(&self.marketplace.env("queue-fulfilment")).unwrap()
    }

    /// Sends a form to the sandbox, as the buyer's browser does.
    async fn pay(&self, intent: &str, form: &str) -> (StatusCode, Value) {
        let request = http::Request::post(format!("/sandbox/payment_intents/{intent}/pay"));
        let request = request.body(form.to_owned().into()).unwrap();
        let response = self.marketplace.table.stack().payments().call(request).await.unwrap();
        (response.status, serde_json::from_str(&response.body).unwrap())
    }

    /// Statuses of the payment intents at the gateway.
    fn intents(&self) -> Vec<IntentStatus> {
        let ledger = self.marketplace.table.stack().payments().ledger();
        ledger.intents.iter().map(|intent| intent.status).collect()
    }

    /// Charges [`ORDER`], and returns the checkout at which the buyer continues.
    async fn waiting_for_the_buyer(&self) -> Checkout {
        self.marketplace.order(Some(AUTHENTICATED_CARD)).await;
        assert!(self.handle(&created()).await.is_success());
        self.checkout().await
    }

    async fn checkout(&self) -> Checkout {
        match self.marketplace.stored_order(id(ORDER)).await.fulfilment {
            Fulfilment::AwaitingPayment { checkout: Some(checkout), .. } => checkout,
            other => panic!("the order does not wait for its buyer: {other:?}"),
        }
    }

    /// Lets the payment of [`ORDER`] become overdue.
    async fn expire(&self) {
        let tomorrow = SystemClock.now().saturating_add(Duration::from_hours(25));
        self.marketplace.run_at(tomorrow, ExpireOrder { id: id(ORDER) }).await;
    }
}

fn intent(amount: i64) -> ChargeIntent {
    ChargeIntent::first(id(ORDER), cents(amount), AUTHENTICATED_CARD.parse().unwrap(), SystemClock.now())
}

fn correlation() -> CorrelationId {
    CorrelationId::generate(&SystemEntropy)
}

#[tokio::test]
async fn charge_waits_for_the_authentication_of_the_buyer() {
    let fixture = Fixture::open().await;
    let checkout = fixture.waiting_for_the_buyer().await;
    assert!(checkout.client_secret.0.starts_with(&checkout.gateway_id.0));
    assert_eq!((fixture.status().await.as_str(), fixture.money()), ("awaiting_payment", (0, 0)));
    assert_eq!(fixture.intents(), [IntentStatus::RequiresAction]);
    assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0));
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.checkout().await, checkout);
    assert_eq!(fixture.pay(&checkout.gateway_id.0, "").await.0, StatusCode::OK);
    assert_eq!(fixture.money(), (1, 3_998));
}

#[tokio::test]
async fn failed_authentication_leaves_the_order_to_another_card() {
    let fixture = Fixture::open().await;
    let checkout = fixture.waiting_for_the_buyer().await;
    let (status, body) = fixture.pay(&checkout.gateway_id.0, "authentication=fail").await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(body["error"]["code"], "payment_intent_authentication_failure");
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!(fixture.checkout().await, checkout);
    let replayed = fixture.gateway().charge(&intent(3_998), &correlation()).await.unwrap();
    assert_eq!(replayed, ChargeAnswer::Known(ChargeOutcome::Waiting(checkout.clone())));
    assert_eq!(fixture.pay(&checkout.gateway_id.0, "payment_method=pm_card_visa").await.0, StatusCode::OK);
    assert_eq!(fixture.money(), (1, 3_998));
}

#[tokio::test]
async fn replayed_charge_is_read_again() {
    let fixture = Fixture::open().await;
    let (gateway, correlation) = (fixture.gateway(), correlation());
    let first = gateway.charge(&intent(3_998), &correlation).await.unwrap();
    let ChargeAnswer::Known(ChargeOutcome::Waiting(checkout)) = first else { panic!("{first:?}") };
    assert_eq!(fixture.pay(&checkout.gateway_id.0, "").await.0, StatusCode::OK);
    let capture = Capture { gateway_id: checkout.gateway_id, amount: cents(3_998) };
    let replayed = gateway.charge(&intent(3_998), &correlation).await.unwrap();
    assert_eq!(replayed, ChargeAnswer::Known(ChargeOutcome::Captured(capture)));
}

#[tokio::test]
async fn cancelled_charge_that_waits_for_the_buyer_is_closed() {
    let fixture = Fixture::open().await;
    let (gateway, correlation) = (fixture.gateway(), correlation());
    gateway.charge(&intent(3_998), &correlation).await.unwrap();
    let resolution = gateway.resolve_charge(&intent(3_998), &correlation).await.unwrap();
    assert_eq!(resolution, ChargeResolution::NotCharged);
    assert_eq!(fixture.intents(), [IntentStatus::Canceled]);
}

#[tokio::test]
async fn overdue_order_expires_after_its_checkout_is_closed() {
    for method in [None, Some(AUTHENTICATED_CARD)] {
        let fixture = Fixture::open().await;
        fixture.marketplace.order(method).await;
        assert!(fixture.handle(&created()).await.is_success());
        let checkout = fixture.checkout().await;
        fixture.expire().await;
        assert_eq!(fixture.status().await, "awaiting_payment");
        assert_eq!(fixture.marketplace.stock().await, stock(8, 2, 0), "the checkout can still be paid");
        assert!(fixture.handle(&created()).await.is_success());
        assert_eq!(
            (fixture.status().await.as_str(), fixture.intents()),
            ("expired", vec![IntentStatus::Canceled])
        );
        assert_eq!(fixture.marketplace.stock().await, stock(10, 0, 0));
        let paid = fixture.pay(&checkout.gateway_id.0, "payment_method=pm_card_visa").await;
        assert_eq!(paid.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn payment_before_the_checkout_is_closed_confirms_the_order() {
    let fixture = Fixture::open().await;
    let checkout = fixture.waiting_for_the_buyer().await;
    fixture.expire().await;
    assert_eq!(fixture.pay(&checkout.gateway_id.0, "").await.0, StatusCode::OK);
    assert!(fixture.handle(&created()).await.is_success());
    assert_eq!((fixture.status().await.as_str(), fixture.money()), ("confirmed", (1, 3_998)));
    assert_eq!(fixture.marketplace.stock().await, stock(8, 0, 2));
}

#[tokio::test]
async fn idempotency_error_is_not_a_decline() {
    let fixture = Fixture::open().await;
    let (gateway, correlation) = (fixture.gateway(), correlation());
    let visa = |amount| ChargeIntent { method: "pm_card_visa".parse().unwrap(), ..intent(amount) };
    let made = gateway.charge(&visa(3_998), &correlation).await.unwrap();
    let other = gateway.charge(&visa(3_997), &correlation).await.unwrap();
    assert_eq!(other, ChargeAnswer::Failed, "the outcome must be looked up");
    let found = gateway.find(&visa(3_997), &correlation).await.unwrap().unwrap();
    assert_eq!(made, ChargeAnswer::Known(found));
}

#[tokio::test]
async fn charge_with_a_stored_error_is_found_at_once() {
    for (method, expected) in [("pm_card_visa", "captured"), ("pm_card_chargeDeclined", "generic_decline")] {
        let fixture = Fixture::open().await;
        let (gateway, correlation) = (fixture.gateway(), correlation());
        let intent = ChargeIntent { method: method.parse().unwrap(), ..intent(3_998) };
        assert_eq!(gateway.find(&intent, &correlation).await, Ok(None));
        let lost = Effect::ChargeAndDropResponse { answer: DroppedResponse::InternalError };
        fixture
            .marketplace
            .table
            .stack()
            .payments()
            .add_fault_rule(Rule::on(Operation::Create, lost).times(1));
        assert_eq!(gateway.charge(&intent, &correlation).await, Ok(ChargeAnswer::Failed));
        match gateway.find(&intent, &correlation).await.unwrap() {
            Some(ChargeOutcome::Captured(capture)) => {
                assert_eq!((expected, capture.amount), ("captured", cents(3_998)));
            }
            Some(ChargeOutcome::Declined(code)) => assert_eq!(code, DeclineCode::new(expected)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn charge_of_an_earlier_version_is_searched() {
    let fixture = Fixture::open().await;
    let (gateway, correlation) = (fixture.gateway(), correlation());
    let recent = ChargeIntent { in_transfer_group: false, ..intent(3_998) };
    let decided_at = SystemClock.now().saturating_sub(Duration::from_hours(25));
    let old = ChargeIntent { decided_at, ..recent.clone() };
    assert_eq!(gateway.find(&recent, &correlation).await, Err(GatewayError::Unknown), "the search may lag");
    assert_eq!(gateway.find(&old, &correlation).await, Ok(None));
    let form = [
        ("amount", "3998"),
        ("currency", "eur"),
        ("payment_method", "pm_card_visa"),
        ("payment_method_types[]", "card"),
        ("confirm", "true"),
        ("metadata[order_id]", ORDER),
    ];
    fixture.marketplace.call_payments("/v1/payment_intents", &form).await;
    let found = gateway.find(&recent, &correlation).await.unwrap();
    assert!(matches!(found, Some(ChargeOutcome::Captured(capture)) if capture.amount == cents(3_998)));
}

/// Transport that returns prepared responses.
struct Responses(Mutex<VecDeque<(StatusCode, Value)>>);

impl Transport for Responses {
    async fn send(&self, _: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        let (status, body) = self.0.lock().unwrap().pop_front().unwrap();
        Ok(ServiceResponse { status, retry_after: None, replayed: false, body })
    }
}

#[tokio::test]
async fn payment_in_processing_waits_and_cannot_be_closed() {
    let processing =
        json!({ "id": "pi_1", "client_secret": "pi_1_secret", "currency": "eur", "status": "processing" });
    let key_taken = json!({ "error": { "type": "idempotency_error" } });
    let gateway = |responses: &[(u16, &Value)]| {
        let responses =
            responses.iter().map(|(status, body)| (StatusCode::from_u16(*status).unwrap(), (*body).clone()));
        let transport = Responses(Mutex::new(responses.collect()));
        StripeGateway::new(transport, Duration::from_secs(1), SystemClock, SystemEntropy)
    };
    let (intent, correlation) = (intent(3_998), correlation());
    let charged = gateway(&[(200, &processing)]).charge(&intent, &correlation).await.unwrap();
    let ChargeAnswer::Known(ChargeOutcome::Waiting(checkout)) = charged else { panic!("{charged:?}") };
    let refused = [(400, &json!({ "error": {} })), (200, &processing)];
    let closed = gateway(&refused).close_checkout(&checkout.gateway_id, &correlation).await;
    assert_eq!(closed, Ok(CheckoutClosure::Processing));
    let resolving =
        [(400, &key_taken), (200, &processing), (400, &json!({ "error": {} })), (200, &processing)];
    let resolved = gateway(&resolving).resolve_charge(&intent, &correlation).await;
    assert_eq!(resolved, Err(GatewayError::Unknown));
}
