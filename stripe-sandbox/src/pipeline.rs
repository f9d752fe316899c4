//! One call from its arrival to its answer: key, rules, idempotency, work, commit.

use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::Value;
use tracing::error;

use super::Sandbox;
use super::auth;
use super::command::{Command, Context, Outcome};
use super::endpoint::{Endpoint, Read, Write};
use super::error::StripeError;
use super::form::Form;
use super::idempotency::{Admission, KeyedCall, StoredAnswer};
use crate::fault_rules::{LostAnswer, Plan};
use crate::store::Commit;

/// A request, read.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) form: Result<Form, StripeError>,
}

/// An answer, before it is HTTP.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) request_id: String,
    pub(super) idempotency_key: Option<String>,
    /// The request whose stored answer this is.
    pub(super) original_request: Option<String>,
    /// Close the connection instead of answering.
    pub(super) lost: bool,
}

impl Sandbox {
    /// Answers a call. What it does, it does to the end: a caller who hangs up stops nothing, as at Stripe.
    pub(super) async fn answer(&self, call: Call) -> Reply {
        let request_id = self.lock().random.id("req", self.inner.clock.now());
        let idempotency_key = call.header("idempotency-key");
        let work = tokio::spawn(Self::process(self.clone(), call, request_id.clone()));
        let result = work.await.unwrap_or_else(|_| Err(StripeError::api(500)));
        Reply::named(result, (request_id, idempotency_key))
    }

    /// As [`answer`](Self::answer), in the caller's own task.
    pub(super) async fn answer_here(&self, call: Call) -> Reply {
        let request_id = self.lock().random.id("req", self.inner.clock.now());
        let idempotency_key = call.header("idempotency-key");
        let result = Self::process(self.clone(), call, request_id.clone()).await;
        Reply::named(result, (request_id, idempotency_key))
    }

    async fn process(self, mut call: Call, request_id: String) -> Result<Reply, StripeError> {
        let endpoint = Endpoint::of(&call.method, &call.path).ok_or_else(|| call.unrecognised())?;
        // The customer, who pays in the sandbox's own endpoint, holds no key.
        if call.path.starts_with("/v1/") {
            auth::check(&call.headers, &self.inner.secret_key)?;
        }
        let plan = self.lock().rules.plan(endpoint.operation());
        if let Some(status) = plan.fail.filter(|status| *status != 500) {
            self.inner.clock.sleep(plan.wait_before).await;
            return Err(failure(status));
        }
        let form = std::mem::replace(&mut call.form, Ok(Form::default()))?;
        match endpoint {
            Endpoint::Read(read) => self.read(read, form, &plan).await,
            Endpoint::Write(write) => {
                let work = Work { keyed: call.keyed(&form), request_id, plan };
                self.write(write, form, work).await
            }
        }
    }

    async fn read(&self, read: Read, form: Form, plan: &Plan) -> Result<Reply, StripeError> {
        let query = read.query(form)?;
        self.inner.clock.sleep(plan.wait_before).await;
        if plan.fail.is_some() {
            return Err(failure(500));
        }
        let result = query.read(&self.lock().book, self.inner.clock.now(), plan.search_lag);
        self.inner.clock.sleep(plan.wait_after).await;
        Ok(Reply::to(result, plan))
    }

    async fn write(&self, write: Write, form: Form, work: Work) -> Result<Reply, StripeError> {
        if let Some(stored) = self.admit(&work)? {
            self.inner.clock.sleep(work.plan.wait_before + work.plan.wait_after).await;
            return Ok(Reply::replaying(stored, &work.plan));
        }
        let command = write.command(form).inspect_err(|_| self.release(&work))?;
        self.inner.clock.sleep(work.plan.wait_before).await;
        let reply = self.execute(command, &work);
        self.inner.clock.sleep(work.plan.wait_after).await;
        Ok(reply)
    }

    /// Takes the idempotency key, or finds the answer that was given to it.
    fn admit(&self, work: &Work) -> Result<Option<StoredAnswer>, StripeError> {
        let Some(keyed) = &work.keyed else { return Ok(None) };
        match self.lock().keys.admit(keyed, self.inner.clock.now())? {
            Admission::Execute => Ok(None),
            Admission::Replay(stored) => Ok(Some(stored)),
        }
    }

    fn release(&self, work: &Work) {
        if let Some(keyed) = &work.keyed {
            self.lock().keys.release(&keyed.key);
        }
    }

    /// Does the work and commits it with its answer, all under one lock.
    fn execute(&self, command: Command, work: &Work) -> Reply {
        let now = self.inner.clock.now();
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut context = Context {
            book: &state.book,
            random: &mut state.random,
            now,
            request_id: &work.request_id,
            idempotency_key: work.keyed.as_ref().map(|keyed| keyed.key.as_str()),
            decline: work.plan.decline,
        };
        let Outcome { mut commit, result } = match work.plan.fail {
            Some(status) => Outcome { commit: Commit::default(), result: Err(failure(status)) },
            None => command.execute(&mut context),
        };
        let kept = result.as_ref().err().is_none_or(StripeError::is_executed);
        let reply = Reply::to(result, &work.plan);
        commit.answer = work.keyed.clone().filter(|_| kept).map(|keyed| reply.stored(keyed, work, now));
        let committed = state.commit(commit, &work.plan.webhooks, now);
        drop(guard);
        // A stored answer has given the key back already; this is for the answers that are not.
        self.release(work);
        match committed {
            Ok(moments) => {
                self.schedule_delivery(moments);
                reply
            }
            Err(reason) => {
                error!(error = &reason as &dyn std::error::Error, "the payment journal cannot be written");
                Reply::to(Err(StripeError::api(500)), &Plan::default())
            }
        }
    }
}

/// A call that changes something, apart from what it changes.
struct Work {
    keyed: Option<KeyedCall>,
    request_id: String,
    plan: Plan,
}

impl Call {
    fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    fn keyed(&self, form: &Form) -> Option<KeyedCall> {
        let key = self.header("idempotency-key").filter(|key| !key.is_empty())?;
        Some(KeyedCall { key, endpoint: self.path.clone(), fingerprint: form.fingerprint() })
    }

    fn unrecognised(&self) -> StripeError {
        let message = format!(
            "Unrecognized request URL ({}: {}). Please see https://stripe.com/docs or we can help at \
             https://support.stripe.com/.",
            self.method, self.path
        );
        StripeError::new(404, "invalid_request_error", message)
    }
}

impl Reply {
    /// The answer, with what every answer names.
    fn named(
        result: Result<Self, StripeError>,
        (request_id, idempotency_key): (String, Option<String>),
    ) -> Self {
        let reply = result.unwrap_or_else(|error| Self {
            status: error.status(),
            body: error.body().to_string(),
            ..Self::default()
        });
        Self { request_id, idempotency_key, ..reply }
    }

    fn to(result: Result<Value, StripeError>, plan: &Plan) -> Self {
        let (status, body) = match result {
            _ if plan.lose == Some(LostAnswer::InternalError) => (500, StripeError::api(500).body()),
            Ok(object) => (200, object),
            Err(error) => (error.status(), error.body()),
        };
        Self { status, body: body.to_string(), lost: plan.lose == Some(LostAnswer::Close), ..Self::default() }
    }

    fn replaying(stored: StoredAnswer, plan: &Plan) -> Self {
        if plan.lose == Some(LostAnswer::InternalError) {
            return Self::to(Err(StripeError::api(500)), plan);
        }
        Self {
            status: stored.status,
            body: stored.body,
            original_request: Some(stored.request_id),
            lost: plan.lose.is_some(),
            ..Self::default()
        }
    }

    fn stored(&self, keyed: KeyedCall, work: &Work, at: Timestamp) -> StoredAnswer {
        StoredAnswer {
            key: keyed.key,
            endpoint: keyed.endpoint,
            fingerprint: keyed.fingerprint,
            status: self.status,
            body: self.body.clone(),
            request_id: work.request_id.clone(),
            at,
        }
    }
}

/// The failure that a rule asks for. A 500 comes out of the endpoint itself, and is kept under the key.
fn failure(status: u16) -> StripeError {
    match status {
        429 => StripeError::new(
            429,
            "invalid_request_error",
            "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
        )
        .code("rate_limit"),
        500 => StripeError::api(500).executed(),
        501.. => StripeError::api(status),
        _ => StripeError::new(status, "invalid_request_error", "The sandbox was told to fail."),
    }
}
