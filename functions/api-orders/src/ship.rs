//! `POST /v1/orders/{id}/ship`: the seller marks a confirmed order as shipped.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, CommandState, Idempotent};
use shared::domain::order::shipment::ship::ShipOrder;
use shared::domain::order::{OrderId, Shipment};
use shared::domain::values::text::{Carrier, TrackingNumber};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;

/// Shipment of an order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "carrier": "DHL", "trackingNumber": "JD014600003828" }]),
)]
pub(crate) struct ShipOrderRequest {
    /// Name of the carrier.
    carrier: Carrier,
    /// Tracking number that the carrier assigned.
    tracking_number: TrackingNumber,
}

/// Marks the order as shipped.
pub(crate) async fn ship_order(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    Idempotent(context): Idempotent,
    Json(request): Json<ShipOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let shipment = Shipment { carrier: request.carrier, tracking_number: request.tracking_number };
    let command = ShipOrder { id, by: actor, shipment };
    let shipped = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(shipped.map(OrderBody::of_seller)))
}
