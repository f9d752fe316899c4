//! Client for other services: timeout per attempt, deadline for all attempts, retries with full jitter from a
//! budget, circuit breaker, correlation id, idempotency key.
//!
//! Only this module retries: neither the transport below it nor the callers above it do.
//!
//! The breaker counts a call as failed if the service is unhealthy: no connection, no response in time, an
//! incomplete response, or a status of 500 or more, unless the service replays an earlier response under an
//! idempotency key. A status below 500, such as for a declined card, shows a healthy service. So does 429,
//! after which the client waits for as long as the service asks.

mod reqwest_transport;

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use http::{Method, StatusCode};

use crate::kit::command::CorrelationId;
use crate::kit::resilience::breaker::{Breaker, BreakerConfig, CallOutcome, CircuitOpen, Permit};
use crate::kit::resilience::retry::{Backoff, RetryBudget};
use crate::kit::system::clock::{Clock, Entropy, SystemClock, SystemEntropy, Timestamp};
use crate::kit::telemetry::retries::{Retry, status_class};
use crate::kit::telemetry::trace::{KeyValue, SpanKind, TracedSpan};

pub use reqwest_transport::ReqwestTransport;

/// Timeout for establishing a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time after which an idle connection is no longer used. Services and the networks in between close idle
/// connections after about a minute, and an instance that was frozen does not notice it.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Call to a service.
#[derive(Debug, Clone)]
pub struct ServiceRequest<'a> {
    /// HTTP method.
    pub method: Method,
    /// Path and query, relative to the base URL of the service.
    pub path: String,
    /// Form fields of the body.
    pub form: Vec<(&'static str, String)>,
    /// Key under which the service executes the call at most once.
    pub idempotency_key: Option<String>,
    /// Correlation id of the work that the call is part of.
    pub correlation_id: &'a CorrelationId,
}

impl ServiceRequest<'_> {
    /// Returns true if the call can be repeated safely: it changes nothing, or has an idempotency key.
    fn is_repeatable(&self) -> bool {
        self.method == Method::GET || self.idempotency_key.is_some()
    }
}

/// Response of a service.
#[derive(Debug, Clone)]
pub struct ServiceResponse {
    /// HTTP status.
    pub status: StatusCode,
    /// Time to wait before the next call, as requested by the service.
    pub retry_after: Option<Duration>,
    /// True if the service replayed an earlier response under the same idempotency key.
    pub replayed: bool,
    /// Body if it is JSON, else null.
    pub body: serde_json::Value,
}

/// There is no response. Unless the call was not sent, its effect is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection could be established.
    #[error("connection failed")]
    ConnectFailed,
    /// No response arrived in time.
    #[error("call timed out")]
    TimedOut,
    /// The connection closed before the response was complete.
    #[error("response incomplete")]
    Disconnected,
    /// The circuit breaker is open; the call was not sent.
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

/// Sends calls to a service, each of them once.
pub trait Transport: Send + Sync {
    /// Sends the call. Implementations return any [`CallError`] but `CircuitOpen`, and need not enforce timeouts.
    fn send(
        &self,
        call: &ServiceRequest<'_>,
    ) -> impl Future<Output = Result<ServiceResponse, CallError>> + Send;
}

/// Timeouts and backoff of calls.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Timeout of one attempt.
    pub attempt: Duration,
    /// Timeout of all attempts of a call together.
    pub total: Duration,
    /// Delays between attempts.
    pub backoff: Backoff,
}

/// Client of a service.
#[derive(Debug)]
pub struct ServiceClient<T = ReqwestTransport, C: Clock = SystemClock, R = SystemEntropy> {
    name: &'static str,
    transport: T,
    timeouts: Timeouts,
    budget: RetryBudget,
    breaker: Breaker<C>,
    clock: C,
    entropy: R,
}

impl<T: Transport> ServiceClient<T> {
    /// Client of the service that `transport` connects to. Telemetry uses `name`.
    pub fn new(name: &'static str, transport: T, timeouts: Timeouts, breaker_config: BreakerConfig) -> Self {
        Self::with_clock(name, transport, timeouts, breaker_config, SystemClock, SystemEntropy)
    }
}

impl<T: Transport, C: Clock, R: Entropy> ServiceClient<T, C, R> {
    /// Client with an injected clock and entropy source (tests).
    pub fn with_clock(
        name: &'static str,
        transport: T,
        timeouts: Timeouts,
        breaker_config: BreakerConfig,
        clock: C,
        entropy: R,
    ) -> Self {
        let breaker = Breaker::new(name, breaker_config, clock.clone());
        Self { name, transport, timeouts, budget: RetryBudget::default(), breaker, clock, entropy }
    }

    /// Remaining time for which the circuit breaker stays open; `None` if it is not open.
    #[must_use]
    pub fn open_remaining(&self) -> Option<Duration> {
        self.breaker.open_remaining()
    }

    /// Makes the call. It is retried only if it can be repeated safely: if it changes nothing or has an
    /// idempotency key.
    ///
    /// # Errors
    /// [`CallError`] of the last attempt; `CircuitOpen` if there was none.
    pub async fn call(&self, call: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        let deadline = self.clock.now().saturating_add(self.timeouts.total);
        let permit = self.breaker.try_acquire()?;
        let mut result = self.attempt(permit, call, deadline).await;
        self.budget.earn();
        let mut failures = 0;
        while call.is_repeatable() && is_transient(result.as_ref()) && self.breaker.open_remaining().is_none()
        {
            failures += 1;
            let Some(delay) = self.retry_delay(failures, result.as_ref().ok(), deadline) else { break };
            self.clock.sleep(delay).await;
            // Other calls may have opened the breaker in the meantime.
            let Ok(permit) = self.breaker.try_acquire() else { break };
            let reason = error_class(result.as_ref());
            let (dependency, operation, attempt) = (self.name, call.method.as_str(), failures + 1);
            Retry { dependency, operation, attempt, delay, reason }.record();
            result = self.attempt(permit, call, deadline).await;
        }
        result
    }

    /// Delay before the next attempt; `None` if there is to be none.
    fn retry_delay(
        &self,
        failures: u32,
        response: Option<&ServiceResponse>,
        deadline: Timestamp,
    ) -> Option<Duration> {
        let requested = response.and_then(|response| response.retry_after).unwrap_or_default();
        let delay = self.timeouts.backoff.delay(failures, &self.entropy)?.max(requested);
        (self.clock.now().saturating_add(delay) < deadline && self.budget.spend()).then_some(delay)
    }

    /// Starts the span of an attempt. The path is left out, because it identifies what is charged.
    fn start_span(&self, call: &ServiceRequest<'_>) -> TracedSpan {
        let attributes = vec![
            KeyValue::new("http.request.method", call.method.to_string()),
            KeyValue::new("peer.service", self.name),
        ];
        TracedSpan::begin(SpanKind::Client, format!("{} {}", call.method, self.name), attributes)
    }

    async fn attempt(
        &self,
        permit: Permit<'_, C>,
        call: &ServiceRequest<'_>,
        deadline: Timestamp,
    ) -> Result<ServiceResponse, CallError> {
        let remaining = deadline.duration_since(self.clock.now()).min(self.timeouts.attempt);
        let span = self.start_span(call);
        let (work, timeout) = (span.in_span(self.transport.send(call)), self.clock.sleep(remaining));
        pin_mut!(work, timeout);
        let result = match select(work, timeout).await {
            Either::Left((response, _)) => response,
            Either::Right(_) => Err(CallError::TimedOut),
        };
        end_span(&span, result.as_ref());
        permit.end(if is_failure(result.as_ref()) { CallOutcome::Failed } else { CallOutcome::Succeeded });
        result
    }
}

/// Ends the span of an attempt. The body of a response is left out, because it can contain anything.
fn end_span(span: &TracedSpan, result: Result<&ServiceResponse, &CallError>) {
    match result {
        Ok(response) => {
            let status = response.status.as_u16();
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
            if response.status.is_server_error() {
                span.record_exception("ServiceError", format!("the service responded with status {status}"));
            }
        }
        Err(error) => span.record_exception("CallError", error.to_string()),
    }
    span.end(result.is_ok_and(|response| response.status.as_u16() < 400));
}

/// Class of the error that causes a retry.
fn error_class(result: Result<&ServiceResponse, &CallError>) -> &'static str {
    match result {
        Ok(response) => status_class(response.status.as_u16()),
        Err(CallError::TimedOut) => "timeout",
        Err(CallError::Disconnected) => "incomplete_response",
        Err(CallError::ConnectFailed | CallError::CircuitOpen(_)) => "connection",
    }
}

/// Returns true if the result shows an unhealthy service. A replayed failure is about the past and does not
/// count.
fn is_failure(result: Result<&ServiceResponse, &CallError>) -> bool {
    result.map_or(true, |response| response.status.is_server_error() && !response.replayed)
}

/// Returns true if a retry may have another result. A 500 is not included: under an idempotency key, the
/// service replays it.
fn is_transient(result: Result<&ServiceResponse, &CallError>) -> bool {
    match result {
        Err(_) => true,
        Ok(response) => matches!(
            response.status,
            StatusCode::CONFLICT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
    }
}
