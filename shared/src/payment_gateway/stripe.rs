//! Payment gateway adapter for Stripe's `PaymentIntents` API.
//!
//! Stripe stores the response to the first request under an idempotency key, even if it was a server error
//! ("Idempotent requests"). Repeating the request therefore returns the outcome. Only a stored 500 leaves the
//! outcome open; a search by order resolves it, once the search index is certainly up to date ("Search is not
//! read-after-write consistent").

mod checkout;
mod ledger;
mod refunds;

use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutOutcome, GatewayError, PaymentGateway,
    RefundAnswer,
};
use crate::domain::order::OrderId;
use crate::domain::order::payment::refund::RefundIntent;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{Capture, ChargeIntent, CheckoutIntent, DeclineCode, GatewayId};
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::breaker::{BreakerConfig, CircuitOpen};
use crate::kit::resilience::http_client::{
    CallError, ReqwestTransport, ServiceClient, ServiceRequest, ServiceResponse, Timeouts, Transport,
};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// Payment gateway adapter for Stripe's API.
#[derive(Debug)]
pub struct StripeGateway<T = ReqwestTransport, C: Clock = SystemClock, R = SystemEntropy> {
    client: ServiceClient<T, C, R>,
    clock: C,
    /// Maximum lag of the search index.
    search_lag: Duration,
}

/// Timeouts of a call. A saga step occupies its queue message for that long, so they must fit into the
/// function's timeout.
const TIMEOUTS: Timeouts = Timeouts {
    attempt: Duration::from_secs(4),
    total: Duration::from_secs(9),
    backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(2), 3),
};

/// Circuit breaker settings: the circuit opens if more than half of the calls fail. A single order whose
/// charges all fail causes a failure rate of one half, because the search after each charge succeeds; it must
/// not open the circuit.
const fn breaker_config(open_for: Duration) -> BreakerConfig {
    BreakerConfig { window: Duration::from_secs(10), min_calls: 5, failure_rate_percent: 50, open_for }
}

const INTENTS: &str = "/v1/payment_intents";

impl StripeGateway {
    /// Creates a gateway with the settings of the environment.
    ///
    /// # Errors
    /// [`ConfigError`] if a variable is missing or invalid.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let (url, key) = (env.text("AGORA_PAYMENT_GATEWAY_URL")?, env.text("AGORA_PAYMENT_GATEWAY_KEY")?);
        let transport = ReqwestTransport::new(url, key).map_err(|error| {
            invalid_variable("AGORA_PAYMENT_GATEWAY_URL", format!("not a usable URL: {error}"))
        })?;
        let open_for = Duration::from_secs(env.parse("AGORA_PAYMENT_GATEWAY_BREAKER_OPEN_SECONDS")?);
        let search_lag = Duration::from_secs(env.parse("AGORA_PAYMENT_SEARCH_LAG_SECONDS")?);
        Ok(Self::new(transport, open_for, search_lag, SystemClock, SystemEntropy))
    }
}

impl<T: Transport, C: Clock, R: Entropy> StripeGateway<T, C, R> {
    /// Creates a gateway on a transport, a clock and an entropy source. `open_for` is the time that the
    /// circuit breaker stays open, `search_lag` the maximum lag of the search index.
    pub fn new(transport: T, open_for: Duration, search_lag: Duration, clock: C, entropy: R) -> Self {
        let client = ServiceClient::with_clock(
            "payment-gateway",
            transport,
            TIMEOUTS,
            breaker_config(open_for),
            clock.clone(),
            entropy,
        );
        Self { client, clock, search_lag }
    }
}

/// The fields of a payment intent that we use.
#[derive(Debug, Deserialize)]
struct PaymentIntent {
    id: String,
    status: String,
    #[serde(default)]
    amount_received: i64,
    last_payment_error: Option<StripeError>,
}

/// The fields of an error that we use.
#[derive(Debug, Default, Deserialize)]
struct StripeError {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
}

impl StripeError {
    fn of(response: &ServiceResponse) -> Self {
        Self::deserialize(&response.body["error"]).unwrap_or_default()
    }

    fn decline(&self) -> DeclineCode {
        DeclineCode::new(self.decline_code.as_deref().or(self.code.as_deref()).unwrap_or("declined"))
    }
}

impl<T: Transport, C: Clock, R: Entropy> PaymentGateway for StripeGateway<T, C, R> {
    async fn charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeAnswer, GatewayError> {
        let response = self.create(intent, true, correlation).await?;
        match response.status {
            StatusCode::OK => Ok(ChargeAnswer::Ended(parse_outcome(&response.body, intent)?)),
            StatusCode::INTERNAL_SERVER_ERROR => Ok(ChargeAnswer::Failed),
            StatusCode::PAYMENT_REQUIRED | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
                Ok(ChargeAnswer::Ended(ChargeOutcome::Declined(StripeError::of(&response).decline())))
            }
            _ => Err(self.response_error(&response)),
        }
    }

    /// Searches for the charge. An empty result counts only once the search index certainly contains every
    /// charge that was made before the idempotency key expired.
    async fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        let age = self.clock.now().duration_since(intent.key_expires_at());
        match (self.search(intent, correlation).await?, self.search_lag.checked_sub(age)) {
            (None, Some(lookup_after)) if !lookup_after.is_zero() => {
                Err(GatewayError::Unknown { lookup_after })
            }
            (found, _) => Ok(found),
        }
    }

    /// Sends the same idempotency key with other parameters. If the charge was made or is in progress, the
    /// gateway refuses, because the key is taken. Otherwise the key is now taken by an unconfirmed intent,
    /// and the gateway refuses the charge should it still arrive. This also holds if the gateway failed at
    /// this request and replays that failure.
    async fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeResolution, GatewayError> {
        let response = self.create(intent, false, correlation).await?;
        let key_is_taken = StripeError::of(&response).kind.as_deref() == Some("idempotency_error");
        if response.status == StatusCode::OK || (response.replayed && !key_is_taken) {
            return Ok(ChargeResolution::NotCharged);
        }
        if !key_is_taken {
            return Err(self.response_error(&response));
        }
        Ok(match self.charge(intent, correlation).await? {
            ChargeAnswer::Ended(ChargeOutcome::Captured(capture)) => ChargeResolution::Captured(capture),
            ChargeAnswer::Ended(ChargeOutcome::Declined(_)) => ChargeResolution::NotCharged,
            ChargeAnswer::Failed => ChargeResolution::Failed,
        })
    }

    async fn create_checkout(
        &self,
        intent: &CheckoutIntent,
        correlation: &CorrelationId,
    ) -> Result<CheckoutOutcome, GatewayError> {
        checkout::open(self, intent, correlation).await
    }

    async fn refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> Result<RefundAnswer, GatewayError> {
        refunds::refund(self, intent, correlation).await
    }

    async fn refunds(
        &self,
        payment: &GatewayId,
        correlation: &CorrelationId,
    ) -> Result<Vec<GatewayRefund>, GatewayError> {
        refunds::of_payment(self, payment, correlation).await
    }
}

impl<T: Transport, C: Clock, R: Entropy> StripeGateway<T, C, R> {
    async fn create(
        &self,
        intent: &ChargeIntent,
        confirm: bool,
        correlation: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let mut form = form_of(intent.amount, intent.order_id);
        if confirm {
            form.push(("payment_method", intent.method.as_str().to_owned()));
            form.push(("confirm", "true".to_owned()));
            form.push(("off_session", "true".to_owned()));
        }
        self.post(INTENTS, form, intent.idempotency_key(), correlation).await
    }

    /// Sends a POST request under an idempotency key.
    async fn post(
        &self,
        path: &str,
        form: Vec<(&'static str, String)>,
        key: String,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let (method, path, idempotency_key) = (Method::POST, path.to_owned(), Some(key));
        let request = ServiceRequest { method, path, form, idempotency_key, correlation_id };
        self.client.call(&request).await.map_err(|error| self.call_error(error))
    }

    async fn get(
        &self,
        path: String,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let response = self.send_get(path, correlation_id).await?;
        if response.status == StatusCode::OK { Ok(response) } else { Err(self.response_error(&response)) }
    }

    /// Sends a GET request and returns the response with any status.
    async fn send_get(
        &self,
        path: String,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let request = ServiceRequest {
            method: Method::GET,
            path,
            form: Vec::new(),
            idempotency_key: None,
            correlation_id,
        };
        self.client.call(&request).await.map_err(|error| self.call_error(error))
    }

    /// Searches the payment intents of the order.
    async fn search(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        let path = format!("{INTENTS}/search?limit=100&query={}", query_of(intent));
        let response = self.get(path, correlation).await?;
        let found: Vec<PaymentIntent> =
            Deserialize::deserialize(&response.body["data"]).map_err(|_| GatewayError::Unexpected)?;
        let captured = found.iter().find(|found| found.status == "succeeded");
        match captured.or_else(|| found.iter().find(|found| found.last_payment_error.is_some())) {
            Some(found) => outcome(found, intent).map(Some),
            None => Ok(None),
        }
    }
}

impl<T: Transport, C: Clock, R: Entropy> StripeGateway<T, C, R> {
    fn call_error(&self, error: CallError) -> GatewayError {
        match error {
            CallError::CircuitOpen(CircuitOpen { retry_after: back_in }) => {
                GatewayError::CircuitOpen { retry_after: back_in, attempted: false }
            }
            CallError::ConnectFailed | CallError::TimedOut | CallError::Disconnected => self.unavailable(),
        }
    }

    /// Error of an unexpected response.
    fn response_error(&self, response: &ServiceResponse) -> GatewayError {
        match response.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => GatewayError::Misconfigured,
            StatusCode::TOO_MANY_REQUESTS => {
                GatewayError::Throttled { retry_after: response.retry_after.unwrap_or_default() }
            }
            _ => self.unavailable(),
        }
    }

    /// Error of a failed call: [`GatewayError::CircuitOpen`] if the circuit breaker is now open.
    fn unavailable(&self) -> GatewayError {
        let retry_after = self.client.open_remaining();
        retry_after.map_or(GatewayError::Unavailable, |retry_after| GatewayError::CircuitOpen {
            retry_after,
            attempted: true,
        })
    }
}

/// Form fields of every payment intent of an order.
fn form_of(amount: Money, order_id: OrderId) -> Vec<(&'static str, String)> {
    vec![
        ("amount", amount.amount().to_string()),
        ("currency", amount.currency().as_str().to_ascii_lowercase()),
        ("metadata[order_id]", order_id.to_string()),
    ]
}

/// The search query `metadata['order_id']:'ord_…'`, percent-encoded.
fn query_of(intent: &ChargeIntent) -> String {
    let query = format!("metadata['order_id']:'{}'", intent.order_id);
    form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

fn parse_outcome(body: &serde_json::Value, intent: &ChargeIntent) -> Result<ChargeOutcome, GatewayError> {
    let found = PaymentIntent::deserialize(body).map_err(|_| GatewayError::Unexpected)?;
    outcome(&found, intent)
}

fn outcome(found: &PaymentIntent, intent: &ChargeIntent) -> Result<ChargeOutcome, GatewayError> {
    match found.status.as_str() {
        "succeeded" => {
            let amount = Amount::try_from(found.amount_received).map_err(|_| GatewayError::Unexpected)?;
            let amount = Money::new(amount, intent.amount.currency());
            Ok(ChargeOutcome::Captured(Capture { gateway_id: GatewayId(found.id.clone()), amount }))
        }
        // The buyer is not present to authenticate, and the payment method requires it.
        "requires_action" => Ok(ChargeOutcome::Declined(DeclineCode::new("authentication_required"))),
        "canceled" => Ok(ChargeOutcome::Declined(DeclineCode::new("canceled"))),
        "requires_payment_method" => {
            let error = found.last_payment_error.as_ref();
            Ok(ChargeOutcome::Declined(
                error.map_or_else(|| DeclineCode::new("declined"), StripeError::decline),
            ))
        }
        _ => Err(GatewayError::Unexpected),
    }
}
