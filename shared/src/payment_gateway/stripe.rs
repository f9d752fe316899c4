//! Payment gateway adapter for Stripe's `PaymentIntents` API.
//!
//! Stripe stores the response to the first request under an idempotency key, even if it was a server error
//! ("Idempotent requests"). Repeating the request therefore returns the first response, not the present state:
//! what can have changed since is read by its id. Only a stored 500 leaves the outcome open; the list of the
//! order's charges resolves it. Unlike the search, this list is read-after-write consistent ("Search is not
//! read-after-write consistent").

mod accounts;
mod balance_transactions;
mod charges;
mod checkout;
mod disputes;
mod ledger;
mod payouts;
mod refunds;
mod transfers;

use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutClosure, CheckoutOutcome, GatewayError,
    PaymentGateway, RefundAnswer,
};
use crate::domain::order::OrderId;
use crate::domain::order::payment::refund::RefundIntent;
use crate::domain::order::payment::refund::gateway_refund::GatewayRefund;
use crate::domain::order::payment::{ChargeIntent, CheckoutIntent, DeclineCode, GatewayId};
use crate::domain::values::money::{Amount, Currency, Money};
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
}

/// Timeouts of a call. A saga step occupies its queue message for that long, so they must fit into the
/// function's timeout.
const TIMEOUTS: Timeouts = Timeouts {
    attempt: Duration::from_secs(4),
    total: Duration::from_secs(9),
    backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(2), 3),
};

/// Circuit breaker settings: the circuit opens if more than half of the calls fail. A single order whose
/// charges all fail causes a failure rate of one half, because the lookup after each charge succeeds; it must
/// not open the circuit.
const fn breaker_config(open_for: Duration) -> BreakerConfig {
    BreakerConfig { window: Duration::from_secs(10), min_calls: 5, failure_rate_percent: 50, open_for }
}

const INTENTS: &str = "/v1/payment_intents";

/// Version of Stripe's API that this adapter is written for; without it, the version of the account applies.
const API_VERSION: &str = "2024-06-20";

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
        let transport = transport.with_header("stripe-version", API_VERSION);
        let open_for = Duration::from_secs(env.parse("AGORA_PAYMENT_GATEWAY_BREAKER_OPEN_SECONDS")?);
        Ok(Self::new(transport, open_for, SystemClock, SystemEntropy))
    }
}

impl<T: Transport, C: Clock, R: Entropy> StripeGateway<T, C, R> {
    /// Creates a gateway on a transport, a clock and an entropy source. `open_for` is the time that the
    /// circuit breaker stays open.
    pub fn new(transport: T, open_for: Duration, clock: C, entropy: R) -> Self {
        let client = ServiceClient::with_clock(
            "payment-gateway",
            transport,
            TIMEOUTS,
            breaker_config(open_for),
            clock.clone(),
            entropy,
        );
        Self { client, clock }
    }
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

    /// Returns true if the idempotency key was used for another request, or is in use.
    fn is_of_idempotency_key(&self) -> bool {
        self.kind.as_deref() == Some("idempotency_error")
    }
}

impl<T: Transport, C: Clock, R: Entropy> PaymentGateway for StripeGateway<T, C, R> {
    async fn charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeAnswer, GatewayError> {
        charges::charge(self, intent, correlation).await
    }

    async fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        charges::find(self, intent, correlation).await
    }

    async fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeResolution, GatewayError> {
        charges::resolve(self, intent, correlation).await
    }

    async fn create_checkout(
        &self,
        intent: &CheckoutIntent,
        correlation: &CorrelationId,
    ) -> Result<CheckoutOutcome, GatewayError> {
        checkout::open(self, intent, correlation).await
    }

    async fn close_checkout(
        &self,
        checkout: &GatewayId,
        correlation: &CorrelationId,
    ) -> Result<CheckoutClosure, GatewayError> {
        checkout::close(self, checkout, correlation).await
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
    /// Sends a POST request, which is retried only under an idempotency key.
    async fn post(
        &self,
        path: &str,
        form: Vec<(&'static str, String)>,
        idempotency_key: Option<String>,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let (method, path) = (Method::POST, path.to_owned());
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

/// Amount in the gateway's currency code.
fn money_of(amount: i64, currency: &str) -> Result<Money, GatewayError> {
    let currency: Currency = currency.to_ascii_uppercase().parse().map_err(|_| GatewayError::Unexpected)?;
    let amount = Amount::try_from(amount).map_err(|_| GatewayError::Unexpected)?;
    Ok(Money::new(amount, currency))
}

/// Form fields of every payment intent of an order.
fn form_of(amount: Money, order_id: OrderId) -> Vec<(&'static str, String)> {
    vec![
        ("amount", amount.amount().to_string()),
        ("currency", amount.currency().as_str().to_ascii_lowercase()),
        ("metadata[order_id]", order_id.to_string()),
        ("transfer_group", order_id.to_string()),
    ]
}
