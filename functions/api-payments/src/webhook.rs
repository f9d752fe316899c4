//! `POST /v1/payments/webhook`: receives the payment gateway's webhooks.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::advance::AdvanceError;
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::fulfilment::record_decline::RecordDeclinedPayment;
use shared::domain::order::fulfilment::record_refund::RecordRefund;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::kit::command::{CommandContext, ExecuteError, Store};
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::ApiResponse;
use shared::payment_gateway::PaymentGateway;
use shared::payment_gateway::webhook::WebhookEvent;

use crate::webhook_signature::VerifiedWebhook;
use crate::webhook_state::WebhookState;

/// Acknowledgement of a webhook.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "received": true }]))]
pub(crate) struct WebhookAck {
    /// Always true.
    received: bool,
}

/// Processes an event once. A captured payment confirms the order that awaits it; any other captured payment
/// is refunded. The refunds of a payment are read from the gateway.
pub(crate) async fn receive_webhook<S: Store, G: PaymentGateway>(
    State(app): State<WebhookState<S, G>>,
    VerifiedWebhook { event, context }: VerifiedWebhook,
) -> Result<ApiResponse<WebhookAck>, ApiError> {
    match event.report() {
        WebhookEvent::Captured(order_id, capture) => {
            record_capture(&app.store, order_id, capture, &context).await?;
        }
        WebhookEvent::Declined(order_id) => {
            app.store.execute(RecordDeclinedPayment { order_id }, &context).await?;
        }
        WebhookEvent::UnsupportedAmount(order_id) => {
            tracing::error!(%order_id, "webhook reports a payment with an unsupported amount or currency");
        }
        WebhookEvent::RefundsChanged(payment) => record_refunds(&app, &payment, context).await?,
        WebhookEvent::Ignored => {}
    }
    Ok(ApiResponse::ok(WebhookAck { received: true }))
}

async fn record_capture<S: Store>(
    store: &S,
    order_id: OrderId,
    capture: Capture,
    context: &CommandContext,
) -> Result<(), ApiError> {
    match store.execute(RecordCapture { order_id, capture }, context).await {
        Ok(executed) => {
            let (order, _) = executed.into_output();
            if order.is_some_and(|order| order.due_refund().is_some()) {
                tracing::warn!(%order_id, "captured payment does not match the order and is refunded");
            }
            Ok(())
        }
        // Already recorded, or the order is not ours.
        Err(ExecuteError::Refused(AdvanceError::Stale)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Records the present state of the refunds of a payment. The event itself is not trusted, because events may
/// arrive late and in any order. Recording is safe to repeat, so it needs no idempotency record.
async fn record_refunds<S: Store, G: PaymentGateway>(
    app: &WebhookState<S, G>,
    payment: &GatewayId,
    context: CommandContext,
) -> Result<(), ApiError> {
    let context = CommandContext::new(context.correlation_id, context.at);
    let refunds = app.gateway.refunds(payment, &context.correlation_id).await.map_err(|error| {
        tracing::warn!(%error, gateway_id = %payment, "failed to read the refunds of a payment");
        ApiError::new(ErrorCode::ServiceUnavailable, "the refunds cannot be read from the payment gateway")
    })?;
    for refund in refunds {
        let Some(order_id) = refund.order_id else { continue };
        match app.store.execute(RecordRefund { order_id, refund }, &context).await {
            // Already recorded, or the order is not ours.
            Ok(_) | Err(ExecuteError::Refused(AdvanceError::Stale)) => {}
            // A repetition cannot succeed; the reconciliation finds the difference.
            Err(ExecuteError::Refused(error)) => {
                tracing::error!(%error, %order_id, "failed to record a refund of the gateway");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
