//! `POST /v1/orders/{id}/deliver`: the seller marks a shipped order as delivered.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, CommandState, Idempotent};
use shared::domain::order::OrderId;
use shared::domain::order::shipment::deliver::DeliverOrder;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;

/// Empty object: the operation takes no parameters.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields, extend("examples" = [{}]))]
pub(crate) struct DeliverOrderRequest {}

/// Marks the order as delivered.
pub(crate) async fn deliver_order(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    Idempotent(context): Idempotent,
    Json(DeliverOrderRequest {}): Json<DeliverOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let command = DeliverOrder { id, by: actor };
    let delivered = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(delivered.map(OrderBody::of_seller)))
}
