//! Processing of a call: authentication, fault rules, idempotency, execution, commit.

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
use super::idempotency::{Admission, KeyedCall, StoredResponse};
use super::object_id::object_id;
use super::rate_limits::{lock_timeout, rate_limited};
use crate::fault_rules::{DroppedResponse, Plan};
use crate::store::Commit;
use crate::stripe_json::API_VERSION;

/// Parsed request.
pub(super) struct SandboxRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) form: Result<Form, StripeError>,
}

/// Response, before its conversion to HTTP.
#[derive(Debug, Default)]
pub(super) struct SandboxResponse {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) request_id: String,
    pub(super) idempotency_key: Option<String>,
    /// Request whose stored response is replayed.
    pub(super) original_request: Option<String>,
    /// True if the connection is closed instead of responding.
    pub(super) dropped: bool,
    /// Rate limit that the call exceeded.
    pub(super) limit: Option<&'static str>,
}

/// Host in URLs if the request has none, as in process.
const DEFAULT_HOST: &str = "localhost:12111";

/// Rejects a call for another version of the API than the emulated one, which is that of the account.
fn check_version(headers: &HeaderMap) -> Result<(), StripeError> {
    match headers.get("stripe-version").map(|version| version.to_str().unwrap_or_default()) {
        None | Some(API_VERSION) => Ok(()),
        Some(other) => Err(StripeError::invalid(format!("Invalid Stripe API version: {other}"))),
    }
}

impl Sandbox {
    /// Processes a call in a task of its own, to the end even if the caller disconnects, as Stripe does.
    pub(super) async fn handle(&self, call: SandboxRequest) -> SandboxResponse {
        let request_id = object_id("req", self.inner.clock.now(), &mut self.lock().rng);
        let idempotency_key = call.header("idempotency-key");
        let request = tokio::spawn(Self::process(self.clone(), call, request_id.clone()));
        let result = request.await.unwrap_or_else(|_| Err(StripeError::api(500)));
        SandboxResponse::named(result, request_id, idempotency_key)
    }

    /// Like [`handle`](Self::handle), but in the caller's task.
    pub(super) async fn handle_inline(&self, call: SandboxRequest) -> SandboxResponse {
        let request_id = object_id("req", self.inner.clock.now(), &mut self.lock().rng);
        let idempotency_key = call.header("idempotency-key");
        let result = Self::process(self.clone(), call, request_id.clone()).await;
        SandboxResponse::named(result, request_id, idempotency_key)
    }

    async fn process(
        self,
        mut call: SandboxRequest,
        request_id: String,
    ) -> Result<SandboxResponse, StripeError> {
        let endpoint = Endpoint::of(&call.method, &call.path).ok_or_else(|| call.unrecognised())?;
        // The customer, who pays through the sandbox's own endpoint, has no secret key.
        if call.path.starts_with("/v1/") {
            auth::check(&call.headers, &self.inner.secret_key)?;
            check_version(&call.headers)?;
            let now = self.inner.clock.now();
            self.lock().rate_limits.admit(endpoint.operation(), now)?;
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
                let host = call.header("host").unwrap_or_else(|| DEFAULT_HOST.to_owned());
                let request = WriteRequest { keyed: call.keyed(&form), request_id, host, plan };
                self.write(write, form, request).await
            }
        }
    }

    async fn read(&self, read: Read, form: Form, plan: &Plan) -> Result<SandboxResponse, StripeError> {
        let query = read.query(form)?;
        self.inner.clock.sleep(plan.wait_before).await;
        if plan.fail.is_some() {
            return Err(failure(500));
        }
        let result = query.read(&self.lock().store, self.inner.clock.now(), plan.search_lag);
        self.inner.clock.sleep(plan.wait_after).await;
        Ok(SandboxResponse::to(result, plan))
    }

    async fn write(
        &self,
        write: Write,
        form: Form,
        request: WriteRequest,
    ) -> Result<SandboxResponse, StripeError> {
        if let Some(stored) = self.admit(&request)? {
            self.inner.clock.sleep(request.plan.wait_before + request.plan.wait_after).await;
            return Ok(SandboxResponse::replaying(stored, &request.plan));
        }
        let locked = self.lock_object(&write, &form).inspect_err(|_| self.release(&request))?;
        let command = write.command(form).inspect_err(|_| self.release(&request))?;
        self.inner.clock.sleep(request.plan.wait_before).await;
        let response = self.execute(command, &request);
        drop(locked);
        self.inner.clock.sleep(request.plan.wait_after).await;
        Ok(response)
    }

    /// Locks the object that a call of the API changes; fails if another call is changing it.
    fn lock_object(&self, write: &Write, form: &Form) -> Result<Option<LockedObject>, StripeError> {
        let Some(id) = write.object(form) else { return Ok(None) };
        if !self.lock().locked.insert(id.clone()) {
            return Err(lock_timeout());
        }
        Ok(Some(LockedObject { sandbox: self.clone(), id }))
    }

    /// Reserves the idempotency key, or finds its stored response.
    fn admit(&self, request: &WriteRequest) -> Result<Option<StoredResponse>, StripeError> {
        let Some(keyed) = &request.keyed else { return Ok(None) };
        match self.lock().keys.admit(keyed, self.inner.clock.now())? {
            Admission::Execute => Ok(None),
            Admission::Replay(stored) => Ok(Some(stored)),
        }
    }

    fn release(&self, request: &WriteRequest) {
        if let Some(keyed) = &request.keyed {
            self.lock().keys.release(&keyed.key);
        }
    }

    /// Executes a command and commits it with its response, under one lock.
    fn execute(&self, command: Command, request: &WriteRequest) -> SandboxResponse {
        let now = self.inner.clock.now();
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut context = Context {
            store: &state.store,
            rng: &mut state.rng,
            now,
            request_id: &request.request_id,
            idempotency_key: request.keyed.as_ref().map(|keyed| keyed.key.as_str()),
            decline: request.plan.decline,
            terms: state.terms,
            host: &request.host,
        };
        let Outcome { mut commit, result } = match request.plan.fail {
            Some(status) => Outcome { commit: Commit::default(), result: Err(failure(status)) },
            None => command.execute(&mut context),
        };
        let is_stored = result.as_ref().err().is_none_or(StripeError::is_executed);
        let response = SandboxResponse::to(result, &request.plan);
        commit.answer =
            request.keyed.clone().filter(|_| is_stored).map(|keyed| response.stored(keyed, request, now));
        let committed = state.commit(commit, &request.plan.webhooks, now);
        drop(guard);
        // Storing a response releases the key. This releases the key of responses that are not stored.
        self.release(request);
        match committed {
            Ok(moments) => {
                self.schedule_delivery(moments);
                response
            }
            Err(reason) => {
                error!(error = &reason as &dyn std::error::Error, "failed to write the payment journal");
                SandboxResponse::to(Err(StripeError::api(500)), &Plan::default())
            }
        }
    }
}

/// Object that a call is changing. It is unlocked when this is dropped.
struct LockedObject {
    sandbox: Sandbox,
    id: String,
}

impl Drop for LockedObject {
    fn drop(&mut self) {
        self.sandbox.lock().locked.remove(&self.id);
    }
}

/// Context of a write operation.
struct WriteRequest {
    keyed: Option<KeyedCall>,
    request_id: String,
    /// Host and port that the caller reached the sandbox at.
    host: String,
    plan: Plan,
}

impl SandboxRequest {
    fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// Idempotency key of the call. Stripe ignores those of DELETE requests
    /// (<https://docs.stripe.com/api/idempotent_requests>).
    fn keyed(&self, form: &Form) -> Option<KeyedCall> {
        let key =
            self.header("idempotency-key").filter(|key| !key.is_empty() && self.method == Method::POST)?;
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

impl SandboxResponse {
    /// Adds the request id and idempotency key to a response.
    fn named(result: Result<Self, StripeError>, request_id: String, idempotency_key: Option<String>) -> Self {
        let response = result.unwrap_or_else(|error| Self {
            status: error.status(),
            body: error.body().to_string(),
            limit: error.limit(),
            ..Self::default()
        });
        Self { request_id, idempotency_key, ..response }
    }

    fn to(result: Result<Value, StripeError>, plan: &Plan) -> Self {
        let (status, body) = match result {
            _ if plan.drop_response == Some(DroppedResponse::InternalError) => {
                (500, StripeError::api(500).body())
            }
            Ok(object) => (200, object),
            Err(error) => (error.status(), error.body()),
        };
        Self {
            status,
            body: body.to_string(),
            dropped: plan.drop_response == Some(DroppedResponse::Close),
            ..Self::default()
        }
    }

    fn replaying(stored: StoredResponse, plan: &Plan) -> Self {
        if plan.drop_response == Some(DroppedResponse::InternalError) {
            return Self::to(Err(StripeError::api(500)), plan);
        }
        Self {
            status: stored.status,
            body: stored.body,
            original_request: Some(stored.request_id),
            dropped: plan.drop_response.is_some(),
            ..Self::default()
        }
    }

    fn stored(&self, keyed: KeyedCall, request: &WriteRequest, at: Timestamp) -> StoredResponse {
        StoredResponse {
            key: keyed.key,
            endpoint: keyed.endpoint,
            fingerprint: keyed.fingerprint,
            status: self.status,
            body: self.body.clone(),
            request_id: request.request_id.clone(),
            at,
        }
    }
}

/// Failure requested by a fault rule. A 500 counts as executed and is stored under the idempotency key.
fn failure(status: u16) -> StripeError {
    match status {
        429 => rate_limited("global-rate"),
        500 => StripeError::api(500).executed(),
        501.. => StripeError::api(status),
        _ => StripeError::new(status, "invalid_request_error", "A fault rule requested this failure."),
    }
}
