//! Signature check of webhooks. A handler with a [`VerifiedWebhook`] argument runs only for requests that the
//! gateway has signed.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::json;
use shared::kit::command::{CommandContext, IdempotencyRecord};
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::middleware::RawBody;
use shared::kit::http::openapi::{Operation, OperationInput};
use shared::kit::http::{RequestInfo, single_header};
use shared::payment_gateway::webhook::{GatewayEvent, WebhookError, WebhookVerifier};

use crate::webhook_state::WebhookState;

const HEADER: &str = "stripe-signature";

/// Webhook event with a valid signature, and the context to process it once, however often it is delivered.
#[derive(Debug)]
pub(crate) struct VerifiedWebhook {
    pub(crate) event: GatewayEvent,
    pub(crate) context: CommandContext,
}

impl<S, G> FromRequestParts<WebhookState<S, G>> for VerifiedWebhook
where
    S: Clone + Send + Sync + 'static,
    G: Send + Sync + 'static,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &WebhookState<S, G>) -> Result<Self, ApiError> {
        let info = parts.extensions.get::<RequestInfo>().ok_or(WebhookError::InvalidSignature)?;
        let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
        verify(&state.verifier, parts, &body, info)?;
        let event: GatewayEvent = serde_json::from_slice(&body).map_err(|_| {
            ApiError::new(ErrorCode::MalformedJson, "the body is not an event of the payment gateway")
        })?;
        let record = IdempotencyRecord::for_message("webhook", &event.id, info.received_at);
        let context = CommandContext::new(info.correlation_id.clone(), info.received_at).once(record);
        Ok(Self { event, context })
    }
}

impl OperationInput for VerifiedWebhook {
    fn describe(operation: &mut Operation<'_>) {
        let description =
            "`t=…,v1=…`: time in seconds, and HMAC-SHA256 of `<t>.<body>` with the shared secret.";
        operation.header("Stripe-Signature", true, description, json!({ "type": "string" }));
        let example = json!({
            "id": "evt_3MtwBwLkdIwHu7ix2hXOmI1S",
            "object": "event",
            "type": "payment_intent.succeeded",
            "data": { "object": {
                "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
                "object": "payment_intent",
                "amount_received": 3998,
                "currency": "eur",
                "metadata": { "order_id": "ord_01J8Z3K5V0ABCDEFGHJKMNPQRS" },
            } },
        });
        operation.external_body("A Stripe event.", &example);
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
    info: &RequestInfo,
) -> Result<(), WebhookError> {
    // API Gateway joins repeated headers with commas. The verifier rejects the result, because it has two
    // times.
    let signature = single_header(&parts.headers, HEADER).ok().flatten();
    let signature = signature.ok_or(WebhookError::InvalidSignature)?;
    verifier.verify(signature, body, info.received_at)
}
