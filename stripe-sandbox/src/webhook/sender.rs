//! Sending one webhook over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use thiserror::Error;

use super::signature;

/// How long the receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends webhooks; to `http` addresses only, since the receiver is on this machine.
pub(crate) struct WebhookSender {
    client: Client<HttpConnector, Full<Bytes>>,
    secret: String,
}

/// Why a webhook counts as not delivered.
#[derive(Debug, Error)]
pub(crate) enum NotDelivered {
    #[error("the webhook address is not one")]
    Address(#[source] http::Error),
    #[error("the webhook address does not answer")]
    Connection(#[source] hyper_util::client::legacy::Error),
    #[error("the webhook address answers too slowly")]
    TooSlow(#[source] tokio::time::error::Elapsed),
    #[error("the webhook address answers {0}")]
    Refused(StatusCode),
}

impl WebhookSender {
    pub(crate) fn signing_with(secret: &str) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), secret: secret.to_owned() }
    }

    /// Sends `payload`, signed anew for each attempt as Stripe does; anything but a 2xx is a failure.
    pub(crate) async fn send(&self, url: &str, payload: &str, now: Timestamp) -> Result<(), NotDelivered> {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("Stripe-Signature", signature(&self.secret, now, payload))
            .body(Full::from(payload.to_owned()))
            .map_err(NotDelivered::Address)?;
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let status = answer.map_err(NotDelivered::TooSlow)?.map_err(NotDelivered::Connection)?.status();
        if status.is_success() { Ok(()) } else { Err(NotDelivered::Refused(status)) }
    }
}
