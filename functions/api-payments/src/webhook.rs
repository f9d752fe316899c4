//! `POST /v1/payments/webhook`: the gateway reports what became of payments.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::advance::AdvanceError;
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::fulfilment::record_decline::RecordDeclinedPayment;
use shared::domain::payment::Capture;
use shared::kit::command::{CommandContext, ExecuteError, Store};
use shared::kit::error::ApiError;
use shared::kit::http::ApiResponse;
use shared::payment_gateway::webhook::{WebhookEvent, WebhookVerifier};

use crate::webhook_signature::VerifiedWebhook;

/// What the gateway's route is given.
#[derive(Debug, Clone)]
pub struct WebhookState<S> {
    pub(crate) store: S,
    pub(crate) verifier: WebhookVerifier,
}

/// That a report was received.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WebhookAck {
    received: bool,
}

/// Takes note of a report, once. What it means is the order's to say: a payment confirms the order that waits for it, and
/// goes back by itself otherwise.
pub(crate) async fn receive_webhook<S: Store>(
    State(hooks): State<WebhookState<S>>,
    VerifiedWebhook { event, cause }: VerifiedWebhook,
) -> Result<ApiResponse<WebhookAck>, ApiError> {
    match event.report() {
        WebhookEvent::Captured(order_id, capture) => {
            captured(&hooks.store, order_id, capture, &cause).await?
        }
        WebhookEvent::Declined(order_id) => {
            hooks.store.execute(RecordDeclinedPayment { order_id }, &cause).await.map_err(unexpected)?;
        }
        WebhookEvent::UnsupportedAmount(order_id) => {
            tracing::error!(%order_id, "a payment of no amount or currency that we know was reported");
        }
        WebhookEvent::Ignored => {}
    }
    Ok(ApiResponse::ok(WebhookAck { received: true }))
}

async fn captured<S: Store>(
    store: &S,
    order_id: OrderId,
    capture: Capture,
    cause: &CommandContext,
) -> Result<(), ApiError> {
    match store.execute(RecordCapture { order_id, capture }, cause).await {
        Ok(executed) => {
            let (order, _) = executed.into_output();
            if order.is_some_and(|order| order.pending_refund().is_some()) {
                tracing::warn!(%order_id, "a payment that its order does not wait for goes back");
            }
            Ok(())
        }
        // Known already, or for an order of somebody else's.
        Err(ExecuteError::Refused(AdvanceError::Stale)) => Ok(()),
        Err(error) => Err(unexpected(error)),
    }
}

fn unexpected<E: std::error::Error + Send + Sync + 'static>(error: ExecuteError<E>) -> ApiError {
    error.map_refusal(ApiError::internal).into()
}
