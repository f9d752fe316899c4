//! Charges: payment intents that are confirmed when they are created, with the buyer present to authenticate.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::{INTENTS, StripeError, StripeGateway, checkout, form_of};
use crate::domain::order::payment::{Capture, ChargeIntent, Checkout, ClientSecret, DeclineCode, GatewayId};
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::http_client::{ServiceResponse, Transport};
use crate::kit::system::clock::{Clock, Entropy};
use crate::payment_gateway::{ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutClosure, GatewayError};

/// The fields of a payment intent that we use.
#[derive(Debug, Deserialize)]
struct PaymentIntent {
    id: String,
    client_secret: ClientSecret,
    status: String,
    #[serde(default)]
    amount_received: i64,
    last_payment_error: Option<StripeError>,
}

/// Maximum delay until a new payment intent is found by the search.
const SEARCH_LAG: Duration = Duration::from_hours(1);

/// The fields of a list of objects that we use.
#[derive(Debug, Deserialize)]
struct List<O> {
    data: Vec<O>,
}

/// The fields of a charge that we use.
#[derive(Debug, Deserialize)]
struct Charge {
    status: String,
    #[serde(default)]
    amount_captured: i64,
    payment_intent: Option<String>,
    failure_code: Option<String>,
    outcome: Option<Outcome>,
}

/// The fields of the outcome of a charge that we use.
#[derive(Debug, Deserialize)]
struct Outcome {
    reason: Option<String>,
}

/// Charges the payment method of an order. A charge that waits for the buyer is read again if the response is
/// a replay, because the buyer may have continued it.
pub(super) async fn charge<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &ChargeIntent,
    correlation: &CorrelationId,
) -> Result<ChargeAnswer, GatewayError> {
    let response = create(gateway, intent, true, correlation).await?;
    let error = StripeError::of(&response);
    match response.status {
        StatusCode::OK => {
            let created = PaymentIntent::of(&response)?;
            let outcome = if response.replayed && created.is_waiting() {
                read(gateway, &created.id, correlation).await?.continued(intent)?
            } else {
                created.outcome(intent)?
            };
            Ok(ChargeAnswer::Known(outcome))
        }
        StatusCode::INTERNAL_SERVER_ERROR => Ok(ChargeAnswer::Failed),
        // The key belongs to a request with other parameters, which may have made the charge.
        StatusCode::BAD_REQUEST if error.is_of_idempotency_key() => Ok(ChargeAnswer::Failed),
        StatusCode::PAYMENT_REQUIRED | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            Ok(ChargeAnswer::Known(ChargeOutcome::Declined(error.decline())))
        }
        _ => Err(gateway.response_error(&response)),
    }
}

/// Finds the charge among those of the order. A charge that was only begun, and waits for the buyer, does not
/// count: its client secret is not known, so it can never be continued.
pub(super) async fn find<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &ChargeIntent,
    correlation: &CorrelationId,
) -> Result<Option<ChargeOutcome>, GatewayError> {
    let path = format!("/v1/charges?limit=100&transfer_group={}", intent.order_id);
    let response = gateway.get(path, correlation).await?;
    let found = List::<Charge>::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?.data;
    let with_status = |status: &str| found.iter().find(|charge| charge.status == status);
    if let Some(captured) = with_status("succeeded") {
        let gateway_id = captured.payment_intent.clone().ok_or(GatewayError::Unexpected)?;
        return capture(gateway_id, captured.amount_captured, intent).map(Some);
    }
    if let Some(pending) = with_status("pending") {
        let id = pending.payment_intent.as_deref().ok_or(GatewayError::Unexpected)?;
        return read(gateway, id, correlation).await?.continued(intent).map(Some);
    }
    if let Some(failed) = with_status("failed") {
        return Ok(Some(ChargeOutcome::Declined(failed.decline())));
    }
    if intent.in_transfer_group { Ok(None) } else { search(gateway, intent, correlation).await }
}

/// Searches for a charge that an earlier version of this software made without a transfer group. An empty
/// result counts only once the search certainly contains every charge made before the key expired.
async fn search<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &ChargeIntent,
    correlation: &CorrelationId,
) -> Result<Option<ChargeOutcome>, GatewayError> {
    let query = format!("metadata['order_id']:'{}'", intent.order_id);
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let response = gateway.get(format!("{INTENTS}/search?limit=100&query={query}"), correlation).await?;
    let found =
        List::<PaymentIntent>::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)?.data;
    let (captured, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|found| found.status == "succeeded");
    let declined = others.into_iter().find(|found| found.last_payment_error.is_some());
    match captured.into_iter().next().or(declined) {
        Some(found) => found.outcome(intent).map(Some),
        None if intent.key_expires_at().saturating_add(SEARCH_LAG) <= gateway.clock.now() => Ok(None),
        None => Err(GatewayError::Unknown),
    }
}

/// Sends the same idempotency key with other parameters. If the charge was made or is in progress, the
/// gateway refuses, because the key is taken. Otherwise the key is now taken by an unconfirmed intent, and
/// the gateway refuses the charge should it still arrive. This also holds if the gateway failed at this
/// request and replays that failure.
pub(super) async fn resolve<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &ChargeIntent,
    correlation: &CorrelationId,
) -> Result<ChargeResolution, GatewayError> {
    let response = create(gateway, intent, false, correlation).await?;
    let key_is_taken = StripeError::of(&response).is_of_idempotency_key();
    if response.status == StatusCode::OK || (response.replayed && !key_is_taken) {
        return Ok(ChargeResolution::NotCharged);
    }
    if !key_is_taken {
        return Err(gateway.response_error(&response));
    }
    let waiting = match charge(gateway, intent, correlation).await? {
        ChargeAnswer::Known(ChargeOutcome::Captured(capture)) => {
            return Ok(ChargeResolution::Captured(capture));
        }
        ChargeAnswer::Known(ChargeOutcome::Declined(_)) => return Ok(ChargeResolution::NotCharged),
        ChargeAnswer::Known(ChargeOutcome::Waiting(checkout)) => checkout,
        ChargeAnswer::Failed => return Ok(ChargeResolution::Failed),
    };
    match checkout::close(gateway, &waiting.gateway_id, correlation).await? {
        CheckoutClosure::Closed => Ok(ChargeResolution::NotCharged),
        CheckoutClosure::Captured(capture) => Ok(ChargeResolution::Captured(capture)),
        CheckoutClosure::Processing => Err(GatewayError::Unknown),
    }
}

/// Creates a payment intent, which charges the payment method if it is confirmed. Without
/// `allow_redirects=never`, Stripe would require a `return_url`.
async fn create<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    intent: &ChargeIntent,
    confirm: bool,
    correlation: &CorrelationId,
) -> Result<ServiceResponse, GatewayError> {
    let mut form = form_of(intent.amount, intent.order_id);
    if confirm {
        form.push(("payment_method", intent.method.as_str().to_owned()));
        form.push(("confirm", "true".to_owned()));
        form.push(("use_stripe_sdk", "true".to_owned()));
        form.push(("automatic_payment_methods[enabled]", "true".to_owned()));
        form.push(("automatic_payment_methods[allow_redirects]", "never".to_owned()));
    }
    gateway.post(INTENTS, form, Some(intent.idempotency_key()), correlation).await
}

/// Reads the present state of a payment intent.
async fn read<T: Transport, C: Clock, R: Entropy>(
    gateway: &StripeGateway<T, C, R>,
    id: &str,
    correlation: &CorrelationId,
) -> Result<PaymentIntent, GatewayError> {
    PaymentIntent::of(&gateway.get(format!("{INTENTS}/{id}"), correlation).await?)
}

impl PaymentIntent {
    fn of(response: &ServiceResponse) -> Result<Self, GatewayError> {
        Self::deserialize(&response.body).map_err(|_| GatewayError::Unexpected)
    }

    /// Returns true if the charge has not ended.
    fn is_waiting(&self) -> bool {
        matches!(self.status.as_str(), "requires_action" | "processing")
    }

    /// Outcome of a charge that has just been requested.
    fn outcome(self, intent: &ChargeIntent) -> Result<ChargeOutcome, GatewayError> {
        match self.status.as_str() {
            "succeeded" => capture(self.id, self.amount_received, intent),
            "requires_action" | "processing" => Ok(ChargeOutcome::Waiting(self.checkout())),
            "canceled" => Ok(ChargeOutcome::Declined(DeclineCode::new("canceled"))),
            "requires_payment_method" => {
                let error = self.last_payment_error.as_ref();
                Ok(ChargeOutcome::Declined(
                    error.map_or_else(|| DeclineCode::new("declined"), StripeError::decline),
                ))
            }
            _ => Err(GatewayError::Unexpected),
        }
    }

    /// Outcome of a charge that the buyer may have continued. If that has failed, the buyer can try another
    /// payment method.
    fn continued(self, intent: &ChargeIntent) -> Result<ChargeOutcome, GatewayError> {
        if self.status == "requires_payment_method" {
            return Ok(ChargeOutcome::Waiting(self.checkout()));
        }
        self.outcome(intent)
    }

    fn checkout(self) -> Checkout {
        Checkout { gateway_id: GatewayId(self.id), client_secret: self.client_secret }
    }
}

impl Charge {
    fn decline(&self) -> DeclineCode {
        let reason = self.outcome.as_ref().and_then(|outcome| outcome.reason.as_deref());
        DeclineCode::new(reason.or(self.failure_code.as_deref()).unwrap_or("declined"))
    }
}

fn capture(id: String, amount: i64, intent: &ChargeIntent) -> Result<ChargeOutcome, GatewayError> {
    let amount = Amount::try_from(amount).map_err(|_| GatewayError::Unexpected)?;
    let amount = Money::new(amount, intent.amount.currency());
    Ok(ChargeOutcome::Captured(Capture { gateway_id: GatewayId(id), amount }))
}
