//! HTTP interface: Stripe's API under `/v1`, the sandbox's own endpoints under `/sandbox`.

mod control;
mod onboarding;
mod page;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value};

use super::Sandbox;
use super::error::StripeError;
use super::form::Form;
use crate::aborted_body::AbortedBody;
use crate::pipeline::{SandboxRequest, SandboxResponse};
use crate::stripe_json::API_VERSION;

/// Maximum size of a request body.
const MAX_BODY_SIZE: usize = 256 * 1024;

pub(super) fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/sandbox", get(page::show))
        .route("/sandbox/ledger", get(control::ledger))
        .route("/sandbox/onboarding/{link}", get(onboarding::show).post(onboarding::submit))
        .route("/sandbox/terms", get(control::terms).put(control::set_terms))
        .route("/sandbox/behaviour", get(control::rules).post(control::add_rule).delete(control::clear_rules))
        .fallback(api)
        .with_state(sandbox)
}

async fn api(State(sandbox): State<Sandbox>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY_SIZE).await;
    let body = body.map_err(|_| StripeError::invalid("The request body cannot be read."));
    sandbox.handle(read(parts, body)).await.into_response()
}

/// Parses a request.
pub(super) fn read(parts: Parts, body: Result<Bytes, StripeError>) -> SandboxRequest {
    let path = parts.uri.path().to_owned();
    let form = body.and_then(|body| {
        if parts.method == Method::GET && body.is_empty() {
            Form::parse(parts.uri.query().unwrap_or(""))
        } else {
            parameters(&body, &parts.headers, &path)
        }
    });
    SandboxRequest { method: parts.method, path, headers: parts.headers, form }
}

fn parameters(body: &Bytes, headers: &HeaderMap, path: &str) -> Result<Form, StripeError> {
    let wrong_type = || {
        StripeError::invalid(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded).",
        )
    };
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = std::str::from_utf8(body).map_err(|_| wrong_type())?;
    if content_type.starts_with("application/json") && path.starts_with("/sandbox/") {
        let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong_type())?;
        return Ok(members.into_iter().map(|(name, value)| (name, plain(value))).collect());
    }
    let is_form = content_type.is_empty() || content_type.starts_with("application/x-www-form-urlencoded");
    if text.is_empty() || is_form { Form::parse(text) } else { Err(wrong_type()) }
}

fn plain(value: Value) -> String {
    if let Value::String(text) = value { text } else { value.to_string() }
}

impl SandboxResponse {
    fn into_response(self) -> Response {
        let body = if self.dropped { Body::new(AbortedBody) } else { Body::from(self.body) };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("stripe-version", HeaderValue::from_static(API_VERSION));
        insert(headers, "request-id", Some(&self.request_id));
        insert(headers, "idempotency-key", self.idempotency_key.as_deref());
        insert(headers, "original-request", self.original_request.as_deref());
        insert(headers, "idempotent-replayed", self.original_request.is_some().then_some("true"));
        insert(headers, "stripe-rate-limited-reason", self.limit);
        insert(headers, "stripe-should-retry", should_retry(self.status, self.original_request.is_some()));
        response
    }
}

/// Value of `Stripe-Should-Retry`, the retry advice for Stripe's libraries: retry while a key is in use, do
/// not retry a stored 500.
fn should_retry(status: u16, replayed: bool) -> Option<&'static str> {
    match status {
        409 => Some("true"),
        500 if replayed => Some("false"),
        _ => None,
    }
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}
