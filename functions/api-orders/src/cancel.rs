//! `POST /v1/orders/{id}/cancel`: the buyer or the seller cancels an order that has not shipped.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, CommandState, Idempotent};
use shared::domain::order::OrderId;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::values::text::Reason;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;

/// Cancellation of an order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "reason": "Ordered the wrong size." }]),
)]
pub(crate) struct CancelOrderRequest {
    /// Reason for the cancellation; shown in the timeline of the order.
    #[deserr(default)]
    reason: Option<Reason>,
}

/// Cancels the order.
pub(crate) async fn cancel_order(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    Idempotent(context): Idempotent,
    Json(request): Json<CancelOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let command = CancelOrder { id, by: actor, reason: request.reason };
    let cancelled = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(cancelled.map(|order| OrderBody::for_actor(&actor, order))))
}
