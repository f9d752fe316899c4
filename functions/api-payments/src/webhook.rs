//! `POST /v1/payments/webhook`: the gateway reports what became of payments.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::order::OrderId;
use shared::domain::order::fulfilment::advance::AdvanceError;
use shared::domain::order::fulfilment::record_capture::ReceivePayment;
use shared::domain::order::fulfilment::record_decline::NoteDeclinedPayment;
use shared::domain::payment::Capture;
use shared::kit::command::{Cause, ExecuteError, Store};
use shared::kit::error::ApiError;
use shared::kit::http::Reply;
use shared::payment_gateway::webhook::{Report, WebhookVerifier};

use crate::webhook_signature::Signed;

/// What the gateway's route is given.
#[derive(Debug, Clone)]
pub struct Webhooks<S> {
    pub(crate) store: S,
    pub(crate) verifier: WebhookVerifier,
}

/// That a report was received.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Received {
    received: bool,
}

/// Takes note of a report, once. What it means is the order's to say: a payment confirms the order that waits for it, and
/// goes back by itself otherwise.
pub(crate) async fn receive_webhook<S: Store>(
    State(hooks): State<Webhooks<S>>,
    Signed { event, cause }: Signed,
) -> Result<Reply<Received>, ApiError> {
    match event.report() {
        Report::Captured(order_id, capture) => captured(&hooks.store, order_id, capture, &cause).await?,
        Report::Declined(order_id) => {
            hooks.store.execute(NoteDeclinedPayment { order_id }, &cause).await.map_err(unexpected)?;
        }
        Report::Unreadable(order_id) => {
            tracing::error!(%order_id, "a payment of no amount or currency that we know was reported");
        }
        Report::Nothing => {}
    }
    Ok(Reply::ok(Received { received: true }))
}

async fn captured<S: Store>(
    store: &S,
    order_id: OrderId,
    capture: Capture,
    cause: &Cause,
) -> Result<(), ApiError> {
    match store.execute(ReceivePayment { order_id, capture }, cause).await {
        Ok(executed) => {
            let (order, _) = executed.into_output();
            if order.is_some_and(|order| order.pending_refund().is_some()) {
                tracing::warn!(%order_id, "a payment that its order does not wait for goes back");
            }
            Ok(())
        }
        // Known already, or for an order of somebody else's.
        Err(ExecuteError::Refused(AdvanceError::MovedOn)) => Ok(()),
        Err(error) => Err(unexpected(error)),
    }
}

fn unexpected<E: std::error::Error + Send + Sync + 'static>(error: ExecuteError<E>) -> ApiError {
    error.map_refusal(ApiError::internal).into()
}
