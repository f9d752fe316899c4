//! Calls over HTTP.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::{CallError, ServiceRequest, ServiceResponse, Transport};

/// A service behind HTTP.
#[derive(Debug)]
pub struct ReqwestTransport {
    http: reqwest::Client,
    base: String,
    secret: String,
}

/// Names the caller to the service.
const SERVICE_CALL: &str = "x-service-call";

/// Says that an answer is the one that was given under the same idempotency key before.
const REPLAYED: &str = "idempotent-replayed";

impl ReqwestTransport {
    /// The service at `base`, which knows us by `secret`.
    ///
    /// # Errors
    /// What the client library says if TLS cannot be set up.
    pub fn new(base: &str, secret: &str) -> Result<Self, reqwest::Error> {
        // The library would repeat some requests by itself; whether one is repeated is decided in one place.
        let never = reqwest::retry::never();
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(1)).retry(never).build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), secret: secret.to_owned() })
    }
}

impl Transport for ReqwestTransport {
    async fn send(&self, call: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
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
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let replayed = response.headers().contains_key(REPLAYED);
        let bytes = response.bytes().await.map_err(|_| CallError::Disconnected)?;
        Ok(ServiceResponse {
            status,
            retry_after,
            replayed,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        })
    }
}

/// RFC 9110 allows a date as well; services that are called so often send seconds, and a date is taken for nothing.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

fn meaning(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        CallError::ConnectFailed
    } else if error.is_timeout() {
        CallError::TimedOut
    } else {
        CallError::Disconnected
    }
}
