//! Webhooks that are the gateway's: a handler that takes a [`Signed`] cannot be reached by anybody else.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::json;
use shared::kit::command::{CommandContext, IdempotencyRecord};
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::RequestInfo;
use shared::kit::http::middleware::RawBody;
use shared::kit::http::openapi::{Operation, OperationInput};
use shared::payment_gateway::webhook::{GatewayEvent, WebhookError, WebhookVerifier};

use crate::webhook::WebhookState;

const HEADER: &str = "stripe-signature";

/// What the gateway reports, and the cause to act on it once, however often it is sent.
#[derive(Debug)]
pub(crate) struct VerifiedWebhook {
    pub(crate) event: GatewayEvent,
    pub(crate) cause: CommandContext,
}

impl<S: Clone + Send + Sync + 'static> FromRequestParts<WebhookState<S>> for VerifiedWebhook {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &WebhookState<S>) -> Result<Self, ApiError> {
        let facts =
            parts.extensions.get::<RequestInfo>().ok_or_else(|| refusal(WebhookError::InvalidSignature))?;
        let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
        verify(&state.verifier, parts, &body, facts).map_err(refusal)?;
        let event: GatewayEvent = serde_json::from_slice(&body).map_err(|_| {
            ApiError::new(ErrorCode::MalformedJson, "the body is not an event of the gateway's")
        })?;
        let receipt = IdempotencyRecord::for_message("webhook", &event.id, facts.received_at);
        let cause = CommandContext::new(facts.correlation_id.clone(), facts.received_at).once(receipt);
        Ok(Self { event, cause })
    }
}

impl OperationInput for VerifiedWebhook {
    fn describe(operation: &mut Operation<'_>) {
        let about =
            "`t=…,v1=…`: when it was sent, and the HMAC-SHA256 of that and the body under the shared secret.";
        operation.header("Stripe-Signature", true, about, json!({ "type": "string" }));
        operation.external_body("An event, as Stripe has it.");
        operation.add_errors(&[
            ErrorCode::InvalidSignature,
            ErrorCode::StaleWebhook,
            ErrorCode::MalformedJson,
            ErrorCode::Conflict,
        ]);
    }
}

fn verify(
    verifier: &WebhookVerifier,
    parts: &Parts,
    body: &[u8],
    facts: &RequestInfo,
) -> Result<(), WebhookError> {
    let mut headers = parts.headers.get_all(HEADER).iter();
    let (Some(signature), None) = (headers.next(), headers.next()) else {
        return Err(WebhookError::InvalidSignature);
    };
    let signature = signature.to_str().map_err(|_| WebhookError::InvalidSignature)?;
    verifier.verify(signature, body, facts.received_at)
}

fn refusal(error: WebhookError) -> ApiError {
    let code = match error {
        WebhookError::InvalidSignature => ErrorCode::InvalidSignature,
        WebhookError::Stale => ErrorCode::StaleWebhook,
    };
    ApiError::new(code, error.to_string())
}
