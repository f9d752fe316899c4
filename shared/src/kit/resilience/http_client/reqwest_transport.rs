//! HTTP transport.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};

use super::{CONNECT_TIMEOUT, CallError, IDLE_TIMEOUT, ServiceRequest, ServiceResponse, Transport};

/// HTTP transport to a service.
#[derive(Debug)]
pub struct ReqwestTransport {
    http: reqwest::Client,
    base: String,
    secret: String,
    /// Headers of every call.
    headers: HeaderMap,
}

/// Header that identifies the caller to the service.
const SERVICE_CALL: &str = "x-service-call";

/// Header of a response that is replayed under an idempotency key.
const REPLAYED: &str = "idempotent-replayed";

impl ReqwestTransport {
    /// Transport to the service at `base`, authenticated with `secret`.
    ///
    /// # Errors
    /// Error of the client library if TLS cannot be set up.
    pub fn new(base: &str, secret: &str) -> Result<Self, reqwest::Error> {
        Self::with_idle_timeout(base, secret, IDLE_TIMEOUT)
    }

    fn with_idle_timeout(base: &str, secret: &str, idle_timeout: Duration) -> Result<Self, reqwest::Error> {
        // The library would retry some requests by itself; only `ServiceClient` decides about retries.
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(idle_timeout)
            .retry(reqwest::retry::never());
        Ok(Self {
            http: http.build()?,
            base: base.trim_end_matches('/').to_owned(),
            secret: secret.to_owned(),
            headers: HeaderMap::new(),
        })
    }

    /// Adds a header to every call.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }
}

impl Transport for ReqwestTransport {
    async fn send(&self, call: &ServiceRequest<'_>) -> Result<ServiceResponse, CallError> {
        let mut request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.base, call.path))
            .headers(self.headers.clone())
            .bearer_auth(&self.secret)
            .header("x-correlation-id", call.correlation_id.as_str())
            .header(SERVICE_CALL, "agora");
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if !call.form.is_empty() {
            request = request.form(&call.form);
        }
        let response = request.send().await.map_err(|error| call_error(&error))?;
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

/// Parses `Retry-After` in seconds. A date, which RFC 9110 also allows, is ignored: services that are called
/// this often send seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

fn call_error(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        CallError::ConnectFailed
    } else if error.is_timeout() {
        CallError::TimedOut
    } else {
        CallError::Disconnected
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use test_support::counting_service::CountingService;

    use super::*;
    use crate::kit::command::CorrelationId;
    use crate::kit::system::clock::{Clock, SystemClock, SystemEntropy};

    #[tokio::test]
    async fn connection_of_a_service_client_expires_when_idle() {
        let (service, idle_timeout) = (CountingService::open().await, Duration::from_secs(1));
        let transport =
            ReqwestTransport::with_idle_timeout(&service.endpoint, "secret", idle_timeout).unwrap();
        let call = ServiceRequest {
            method: Method::GET,
            path: "/".to_owned(),
            form: Vec::new(),
            idempotency_key: None,
            correlation_id: &CorrelationId::generate(&SystemEntropy),
        };
        for _ in 0..2 {
            transport.send(&call).await.unwrap();
        }
        assert_eq!(service.connections(), 1);
        SystemClock.sleep(idle_timeout * 2).await;
        transport.send(&call).await.unwrap();
        assert_eq!(service.connections(), 2);
    }
}
