//! HTTP client for webhooks.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use thiserror::Error;

use super::{WebhookEndpoint, signature};

/// Maximum duration of a webhook request.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Client that sends signed webhooks. Only `http` URLs are supported, because the endpoint is on this
/// machine.
pub(crate) struct WebhookSender {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Failure of a delivery.
#[derive(Debug, Error)]
pub(crate) enum DeliveryError {
    #[error("the webhook URL is not valid")]
    InvalidUrl(#[source] http::Error),
    #[error("the webhook endpoint does not respond")]
    Connection(#[source] hyper_util::client::legacy::Error),
    #[error("the webhook endpoint timed out")]
    TimedOut(#[source] tokio::time::error::Elapsed),
    #[error("the webhook endpoint responded with {0}")]
    Refused(StatusCode),
}

impl WebhookSender {
    pub(crate) fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Sends `payload` with a new signature for each attempt, as Stripe does. Any status other than 2xx is a
    /// failure.
    pub(crate) async fn send(
        &self,
        endpoint: &WebhookEndpoint,
        payload: &str,
        now: Timestamp,
    ) -> Result<(), DeliveryError> {
        let request = Request::post(&endpoint.url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("Stripe-Signature", signature(&endpoint.secret, now, payload))
            .body(Full::from(payload.to_owned()))
            .map_err(DeliveryError::InvalidUrl)?;
        let response = tokio::time::timeout(RESPONSE_TIMEOUT, self.client.request(request)).await;
        let status = response.map_err(DeliveryError::TimedOut)?.map_err(DeliveryError::Connection)?.status();
        if status.is_success() { Ok(()) } else { Err(DeliveryError::Refused(status)) }
    }
}
