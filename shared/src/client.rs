//! Calls to other services over HTTP: a time-out for each attempt, a deadline for all of them, retries with full
//! jitter from a budget, the correlation id, the idempotency key.

use std::time::Duration;

use futures::future::{Either, select};
use futures::pin_mut;
use http::{Method, StatusCode};

use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy, Timestamp};
use crate::command::CorrelationId;
use crate::retry::{Backoff, RetryBudget};

/// One call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
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

/// What the service answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, if it was JSON.
    pub body: serde_json::Value,
}

/// The service did not answer. What it did is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection.
    #[error("no connection")]
    NoConnection,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection ended before the answer did.
    #[error("the answer was cut off")]
    CutOff,
}

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one attempt.
    pub attempt: Duration,
    /// For all attempts of a call together.
    pub total: Duration,
    /// The waits between attempts.
    pub backoff: Backoff,
}

/// A service, and the way to call it.
#[derive(Debug)]
pub struct ServiceClient<C = SystemClock, R = SystemEntropy> {
    http: reqwest::Client,
    base: String,
    secret: String,
    patience: Patience,
    budget: RetryBudget,
    clock: C,
    entropy: R,
}

/// Names the caller to the service.
const SERVICE_CALL: &str = "x-service-call";

impl ServiceClient {
    /// The service at `base`, which knows us by `secret`.
    ///
    /// # Errors
    /// What the client library says if TLS cannot be set up.
    pub fn new(base: &str, secret: &str, patience: Patience) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(1)).build()?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            secret: secret.to_owned(),
            patience,
            budget: RetryBudget::default(),
            clock: SystemClock,
            entropy: SystemEntropy,
        })
    }
}

impl<C: Clock, R: Entropy> ServiceClient<C, R> {
    /// Makes the call. Only calls that can be repeated safely are: those that change nothing, and those under a key.
    ///
    /// # Errors
    /// [`CallError`] of the last attempt.
    pub async fn call(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let repeatable = call.method == Method::GET || call.idempotency_key.is_some();
        let deadline = self.clock.now().plus(self.patience.total);
        self.budget.earn();
        let mut failures = 0;
        loop {
            let ended = self.attempt(call, deadline).await;
            if !repeatable || !is_transient(ended.as_ref()) {
                return ended;
            }
            failures += 1;
            let Some(delay) = self.patience.backoff.delay(failures, &self.entropy) else { return ended };
            if self.clock.now().plus(delay) >= deadline || !self.budget.spend() {
                return ended;
            }
            self.clock.sleep(delay).await;
        }
    }

    async fn attempt(&self, call: &Call<'_>, deadline: Timestamp) -> Result<Answer, CallError> {
        let left = deadline.since(self.clock.now()).min(self.patience.attempt);
        let (work, late) = (self.send(call), self.clock.sleep(left));
        pin_mut!(work, late);
        match select(work, late).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(CallError::TimedOut),
        }
    }

    async fn send(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let mut request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.base, call.path))
            .bearer_auth(&self.secret)
            .header("x-correlation-id", call.correlation_id.as_str())
            .header(SERVICE_CALL, "agora");
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if !call.form.is_empty() {
            request = request.form(&call.form);
        }
        let response = request.send().await.map_err(|error| meaning(&error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|_| CallError::CutOff)?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}

fn meaning(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        CallError::NoConnection
    } else if error.is_timeout() {
        CallError::TimedOut
    } else {
        CallError::CutOff
    }
}

/// Whether the same call may end otherwise in a moment. A 500 is not among them: under an idempotency key it is an
/// answer that will be repeated.
fn is_transient(ended: Result<&Answer, &CallError>) -> bool {
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
