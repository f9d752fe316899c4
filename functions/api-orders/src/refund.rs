//! `POST /v1/orders/{id}/refund`: the seller or an administrator refunds an order, in full or in part.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::OrdersRefundAny;
use shared::api::{Authenticated, CommandState, HasPermission, IdempotencyKeyRequired};
use shared::domain::order::OrderId;
use shared::domain::order::refund::RefundOrder;
use shared::domain::values::money::Money;
use shared::domain::values::text::Reason;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;

/// Refund to make.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "amount": { "amount": 500, "currency": "EUR" },
        "reason": "One mug has a scratch.",
    }]),
)]
pub(crate) struct RefundOrderRequest {
    /// Amount to refund, in the currency of the order. Without it, the whole remaining amount is refunded.
    #[deserr(default)]
    amount: Option<Money>,
    /// Reason for the refund; shown to the buyer and, after a full refund, in the timeline.
    reason: Reason,
}

/// Decides on a refund. It is `pending` until the gateway has made it.
pub(crate) async fn refund_order(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    refunds_any: HasPermission<OrdersRefundAny>,
    Path(id): Path<OrderId>,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(request): Json<RefundOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let RefundOrderRequest { amount, reason } = request;
    let command = RefundOrder { id, by: actor, may_refund_any: refunds_any.is_held(), amount, reason };
    let refunding = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(refunding.map(OrderBody::of_seller)))
}
