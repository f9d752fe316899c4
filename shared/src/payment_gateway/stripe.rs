//! A gateway that speaks Stripe's `PaymentIntents` API.
//!
//! Stripe stores the answer to the first request under an idempotency key, whether it was a success or a failure of its
//! own ("Idempotent requests"). So the key is the lookup: asking again tells what happened. Only a stored 500 leaves
//! the outcome open; the search by order closes it, once its index has surely caught up ("Search is not
//! read-after-write consistent").

mod checkout;
mod ledger;
mod refunds;

use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;

use super::{
    ChargeAnswer, ChargeOutcome, ChargeResolution, CheckoutOutcome, GatewayError, PaymentGateway,
    RefundAnswer, RefundOutcome,
};
use crate::domain::order::OrderId;
use crate::domain::payment::{Capture, ChargeIntent, CheckoutIntent, DeclineCode, GatewayId};
use crate::domain::refund::RefundIntent;
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::CorrelationId;
use crate::kit::resilience::breaker::{BreakerConfig, CircuitOpen};
use crate::kit::resilience::http_client::{
    CallError, ReqwestTransport, ServiceClient, ServiceRequest, ServiceResponse, Timeouts, Transport,
};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::kit::system::config::{ConfigError, Environment, invalid_variable};

/// A gateway that speaks Stripe's API.
#[derive(Debug)]
pub struct StripeGateway<T = ReqwestTransport, C: Clock = SystemClock, R = SystemEntropy> {
    client: ServiceClient<T, C, R>,
    clock: C,
    /// After this long the search finds whatever was charged.
    search_lag: Duration,
}

/// A saga's step holds a queue message meanwhile: no longer than the function can afford.
const PATIENCE: Timeouts = Timeouts {
    attempt: Duration::from_secs(4),
    total: Duration::from_secs(9),
    backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(2), 3),
};

/// More than half: an order alone that the gateway fails at anew with each attempt fails half of its calls, for the search
/// that settles each of them succeeds, without anything being wrong with the gateway.
const fn rules(rest: Duration) -> BreakerConfig {
    BreakerConfig { window: Duration::from_secs(10), min_calls: 5, failure_rate_percent: 50, open_for: rest }
}

const INTENTS: &str = "/v1/payment_intents";

impl StripeGateway {
    /// # Errors
    /// [`ConfigError`] naming the variable.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let (url, key) = (env.text("AGORA_PAYMENT_GATEWAY_URL")?, env.text("AGORA_PAYMENT_GATEWAY_KEY")?);
        let wire = ReqwestTransport::new(url, key).map_err(|error| {
            invalid_variable("AGORA_PAYMENT_GATEWAY_URL", format!("cannot be called: {error}"))
        })?;
        let rest = Duration::from_secs(env.parse("AGORA_PAYMENT_GATEWAY_BREAKER_OPEN_SECONDS")?);
        let lag = Duration::from_secs(env.parse("AGORA_PAYMENT_SEARCH_LAG_SECONDS")?);
        Ok(Self::new(wire, (rest, lag), (SystemClock, SystemEntropy)))
    }
}

impl<T: Transport, C: Clock, R: Entropy> StripeGateway<T, C, R> {
    /// The gateway that `transport` leads to, in the time and with the chance given. Where it fails it rests for `rest`; its
    /// search is behind by no more than `search_lag`.
    pub fn new(transport: T, (rest, search_lag): (Duration, Duration), (clock, entropy): (C, R)) -> Self {
        let client =
            ServiceClient::at("payment-gateway", transport, PATIENCE, rules(rest), (clock.clone(), entropy));
        Self { client, clock, search_lag }
    }
}

/// What we read of a payment intent.
#[derive(Debug, Deserialize)]
struct PaymentIntent {
    id: String,
    status: String,
    #[serde(default)]
    amount_received: i64,
    last_payment_error: Option<Problem>,
}

/// What we read of an error.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
}

impl Problem {
    fn of(answer: &ServiceResponse) -> Self {
        Self::deserialize(&answer.body["error"]).unwrap_or_default()
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
        let answer = self.create(intent, true, correlation).await?;
        match answer.status {
            StatusCode::OK => Ok(ChargeAnswer::Ended(ended(&answer.body, intent)?)),
            StatusCode::INTERNAL_SERVER_ERROR => Ok(ChargeAnswer::Failed),
            StatusCode::PAYMENT_REQUIRED | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
                Ok(ChargeAnswer::Ended(ChargeOutcome::Declined(Problem::of(&answer).decline())))
            }
            status => Err(self.not_now(status)),
        }
    }

    /// What the search finds; nothing is only believed once the index has surely caught up with whatever was charged before the
    /// key was closed.
    async fn find(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        let age = self.clock.now().duration_since(intent.key_expires_at());
        match (self.search(intent, correlation).await?, self.search_lag.checked_sub(age)) {
            (None, Some(known_in)) if !known_in.is_zero() => Err(GatewayError::Unknown { known_in }),
            (found, _) => Ok(found),
        }
    }

    /// The same key with other parameters: if the charge was made, or is under way, the gateway refuses (the key is
    /// taken); otherwise the key is now taken by something harmless, and the charge is refused whenever it arrives. So it is
    /// even where the gateway failed at it and repeats that: what it repeats is its answer to this very question.
    async fn resolve_charge(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<ChargeResolution, GatewayError> {
        let answer = self.create(intent, false, correlation).await?;
        let key_is_taken = Problem::of(&answer).kind.as_deref() == Some("idempotency_error");
        if answer.status == StatusCode::OK || (answer.replayed && !key_is_taken) {
            return Ok(ChargeResolution::NotCharged);
        }
        if !key_is_taken {
            return Err(self.not_now(answer.status));
        }
        Ok(match self.charge(intent, correlation).await? {
            ChargeAnswer::Ended(ChargeOutcome::Captured(capture)) => ChargeResolution::Captured(capture),
            ChargeAnswer::Ended(ChargeOutcome::Declined(_)) => ChargeResolution::NotCharged,
            ChargeAnswer::Failed => ChargeResolution::Failed,
        })
    }

    async fn open(
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

    async fn find_refund(
        &self,
        intent: &RefundIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<RefundOutcome>, GatewayError> {
        refunds::find(self, intent, correlation).await
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

    /// Asks for something that is done at most once under `key`.
    async fn post(
        &self,
        path: &str,
        form: Vec<(&'static str, String)>,
        key: String,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let (method, path, idempotency_key) = (Method::POST, path.to_owned(), Some(key));
        let call = ServiceRequest { method, path, form, idempotency_key, correlation_id };
        self.client.call(&call).await.map_err(|error| self.no_answer(error))
    }

    async fn get(
        &self,
        path: String,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let answer = self.ask(path, correlation_id).await?;
        if answer.status == StatusCode::OK { Ok(answer) } else { Err(self.not_now(answer.status)) }
    }

    /// Whatever the gateway answers.
    async fn ask(
        &self,
        path: String,
        correlation_id: &CorrelationId,
    ) -> Result<ServiceResponse, GatewayError> {
        let call = ServiceRequest {
            method: Method::GET,
            path,
            form: Vec::new(),
            idempotency_key: None,
            correlation_id,
        };
        self.client.call(&call).await.map_err(|error| self.no_answer(error))
    }

    /// What the search shows at the moment.
    async fn search(
        &self,
        intent: &ChargeIntent,
        correlation: &CorrelationId,
    ) -> Result<Option<ChargeOutcome>, GatewayError> {
        let path = format!("{INTENTS}/search?limit=100&query={}", query_of(intent));
        let answer = self.get(path, correlation).await?;
        let found: Vec<PaymentIntent> =
            Deserialize::deserialize(&answer.body["data"]).map_err(|_| GatewayError::Unexpected)?;
        let captured = found.iter().find(|found| found.status == "succeeded");
        match captured.or_else(|| found.iter().find(|found| found.last_payment_error.is_some())) {
            Some(intent_found) => outcome(intent_found, intent).map(Some),
            None => Ok(None),
        }
    }
}

impl<T: Transport, C: Clock, R: Entropy> StripeGateway<T, C, R> {
    fn no_answer(&self, error: CallError) -> GatewayError {
        match error {
            CallError::Resting(CircuitOpen { back_in }) => {
                GatewayError::CircuitOpen { back_in, asked: false }
            }
            CallError::ConnectFailed | CallError::TimedOut | CallError::Disconnected => self.unavailable(),
        }
    }

    fn not_now(&self, status: StatusCode) -> GatewayError {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => GatewayError::Misconfigured,
            _ => self.unavailable(),
        }
    }

    /// It failed just now. Whether it fails all the time, the breaker knows.
    fn unavailable(&self) -> GatewayError {
        let resting = self.client.resting();
        resting
            .map_or(GatewayError::Unavailable, |back_in| GatewayError::CircuitOpen { back_in, asked: true })
    }
}

/// What every payment intent of an order says.
fn form_of(amount: Money, order_id: OrderId) -> Vec<(&'static str, String)> {
    vec![
        ("amount", amount.amount().to_string()),
        ("currency", amount.currency().as_str().to_ascii_lowercase()),
        ("metadata[order_id]", order_id.to_string()),
    ]
}

/// `metadata['order_id']:'ord_…'`, percent-encoded.
fn query_of(intent: &ChargeIntent) -> String {
    let query = format!("metadata['order_id']:'{}'", intent.order_id);
    form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

fn ended(body: &serde_json::Value, intent: &ChargeIntent) -> Result<ChargeOutcome, GatewayError> {
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
        // Nobody is there to authenticate: the order was placed with a method that cannot be charged by itself.
        "requires_action" => Ok(ChargeOutcome::Declined(DeclineCode::new("authentication_required"))),
        "canceled" => Ok(ChargeOutcome::Declined(DeclineCode::new("canceled"))),
        "requires_payment_method" => {
            let problem = found.last_payment_error.as_ref();
            Ok(ChargeOutcome::Declined(
                problem.map_or_else(|| DeclineCode::new("declined"), Problem::decline),
            ))
        }
        _ => Err(GatewayError::Unexpected),
    }
}
