//! Calls to other services: a time-out for each attempt, a deadline for all of them, retries with full jitter from a
//! budget, a circuit breaker, the correlation id, the idempotency key.
//!
//! This is the one place that retries: what is below it (the wire) and above it (whoever calls) does not.
//!
//! What counts as a failure for the breaker is what says that the service is not well: no connection, no answer in time,
//! half an answer, a status from 500 on, unless it repeats under an idempotency key what it answered before. A declined card and
//! whatever else is answered below 500 is a service that works;
//! so is 429, which asks to be called less, and is heeded by waiting as long as it says.

mod reqwest_transport;

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use http::{Method, StatusCode};

use crate::kit::command::CorrelationId;
use crate::kit::resilience::breaker::{Breaker, BreakerConfig, CallOutcome, CircuitOpen};
use crate::kit::resilience::retry::{Backoff, RetryBudget};
use crate::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy, Timestamp};
use crate::kit::telemetry::trace::{KeyValue, SpanKind, TracedSpan};

pub use reqwest_transport::ReqwestTransport;

/// One call.
#[derive(Debug, Clone)]
pub struct ServiceRequest<'a> {
    /// The method.
    pub method: Method,
    /// The path, below the service's base address, with its query.
    pub path: String,
    /// The body, as form fields.
    pub form: Vec<(&'static str, String)>,
    /// Under which key the service does it at most once.
    pub idempotency_key: Option<String>,
    /// The work that it is part of.
    pub correlation_id: &'a CorrelationId,
}

impl ServiceRequest<'_> {
    /// Whether making it twice does no more than making it once: it changes nothing, or carries a key.
    fn is_repeatable(&self) -> bool {
        self.method == Method::GET || self.idempotency_key.is_some()
    }
}

/// What the service answered.
#[derive(Debug, Clone)]
pub struct ServiceResponse {
    /// The status.
    pub status: StatusCode,
    /// How long it asks not to be called again for.
    pub retry_after: Option<Duration>,
    /// Whether it is the answer that was given under the same idempotency key before.
    pub replayed: bool,
    /// The body, if it was JSON.
    pub body: serde_json::Value,
}

/// The service did not answer. Unless it was not asked, what it did is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection.
    #[error("no connection")]
    ConnectFailed,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection ended before the answer did.
    #[error("the answer was cut off")]
    Disconnected,
    /// It fails so often that it was not even asked.
    #[error(transparent)]
    Resting(#[from] CircuitOpen),
}

/// How calls get to the service and answers back: each is sent once.
pub trait Transport: Send + Sync {
    /// Sends the call. Implementations return every [`CallError`] but `Resting`, and need not watch the time.
    fn send(
        &self,
        call: &ServiceRequest<'_>,
    ) -> impl Future<Output = Result<ServiceResponse, CallError>> + Send;
}

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For one attempt.
    pub attempt: Duration,
    /// For all attempts of a call together.
    pub total: Duration,
    /// The waits between attempts.
    pub backoff: Backoff,
}

/// A service, and the way to call it.
#[derive(Debug)]
pub struct ServiceClient<T = ReqwestTransport, C: Clock = SystemClock, R = SystemEntropy> {
    name: &'static str,
    transport: T,
    patience: Timeouts,
    budget: RetryBudget,
    breaker: Breaker<C>,
    clock: C,
    entropy: R,
}

impl<T: Transport> ServiceClient<T> {
    /// The service that `transport` leads to, under the name that its telemetry has.
    pub fn new(name: &'static str, transport: T, patience: Timeouts, rules: BreakerConfig) -> Self {
        Self::at(name, transport, patience, rules, (SystemClock, SystemEntropy))
    }
}

impl<T: Transport, C: Clock, R: Entropy> ServiceClient<T, C, R> {
    /// The same, in the time and with the chance given.
    pub fn at(
        name: &'static str,
        transport: T,
        patience: Timeouts,
        rules: BreakerConfig,
        (clock, entropy): (C, R),
    ) -> Self {
        let breaker = Breaker::new(name, rules, clock.clone());
        Self { name, transport, patience, budget: RetryBudget::default(), breaker, clock, entropy }
    }

    /// For how long the service is left alone yet, if it is.
    #[must_use]
    pub fn resting(&self) -> Option<Duration> {
        self.breaker.open_remaining()
    }

    /// Makes the call. Only calls that can be repeated safely are: those that change nothing, and those under a key.
    ///
    /// # Errors
    /// [`CallError`] of the last attempt. `Resting` says that there was none.
    pub async fn call(&self, call: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        let deadline = self.clock.now().saturating_add(self.patience.total);
        let mut ended = self.attempt(call, deadline).await;
        if !matches!(ended, Err(CallError::Resting(_))) {
            self.budget.earn();
        }
        let mut failures = 0;
        while call.is_repeatable() && is_transient(ended.as_ref()) && self.breaker.open_remaining().is_none()
        {
            failures += 1;
            let Some(delay) = self.pause(failures, ended.as_ref().ok(), deadline) else { break };
            self.clock.sleep(delay).await;
            match self.attempt(call, deadline).await {
                // Not asked again; what it said before still stands.
                Err(CallError::Resting(_)) => break,
                again => ended = again,
            }
        }
        ended
    }

    /// How long to wait before the next attempt, if there is to be one.
    fn pause(
        &self,
        failures: u32,
        answer: Option<&ServiceResponse>,
        deadline: Timestamp,
    ) -> Option<Duration> {
        let asked_for = answer.and_then(|answer| answer.retry_after).unwrap_or_default();
        let delay = self.patience.backoff.delay(failures, &self.entropy)?.max(asked_for);
        (self.clock.now().saturating_add(delay) < deadline && self.budget.spend()).then_some(delay)
    }

    /// An attempt, as a part of the work that makes it. The path is left out: it names what is charged.
    fn span(&self, call: &ServiceRequest<'_>) -> TracedSpan {
        let facts = vec![
            KeyValue::new("http.request.method", call.method.to_string()),
            KeyValue::new("peer.service", self.name),
        ];
        TracedSpan::begin(SpanKind::Client, format!("{} {}", call.method, self.name), facts)
    }

    async fn attempt(
        &self,
        call: &ServiceRequest<'_>,
        deadline: Timestamp,
    ) -> Result<ServiceResponse, CallError> {
        let permit = self.breaker.try_acquire()?;
        let left = deadline.duration_since(self.clock.now()).min(self.patience.attempt);
        let span = self.span(call);
        let (work, late) = (span.in_span(self.transport.send(call)), self.clock.sleep(left));
        pin_mut!(work, late);
        let ended = match select(work, late).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(CallError::TimedOut),
        };
        if let Ok(answer) = &ended {
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(answer.status.as_u16())));
        }
        span.end(ended.as_ref().is_ok_and(|answer| answer.status.as_u16() < 400));
        permit.end(if is_failure(ended.as_ref()) { CallOutcome::Failed } else { CallOutcome::Succeeded });
        ended
    }
}

/// Whether it says that the service is not well. A failure that it repeats from memory says that it was not well then.
fn is_failure(ended: Result<&ServiceResponse, &CallError>) -> bool {
    ended.map_or(true, |answer| answer.status.is_server_error() && !answer.replayed)
}

/// Whether the same call may end otherwise in a moment. A 500 is not among them: under an idempotency key it is an
/// answer that will be repeated.
fn is_transient(ended: Result<&ServiceResponse, &CallError>) -> bool {
    match ended {
        Err(_) => true,
        Ok(answer) => matches!(
            answer.status,
            StatusCode::CONFLICT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
    }
}
