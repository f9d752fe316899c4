//! `POST /v1/orders/{id}/ship`: the seller has sent a confirmed order.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::order::ship::{ShipError, ShipOrder};
use shared::domain::order::{OrderId, Shipment};
use shared::domain::values::text::{Carrier, TrackingNumber};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;
use crate::seller_error;

/// How an order was sent.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ShipOrderRequest {
    /// Who carries it.
    carrier: Carrier,
    /// What the carrier knows it by.
    tracking_number: TrackingNumber,
}

/// Notes that the order is on its way.
pub(crate) async fn ship_order<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    Idempotent(cause): Idempotent,
    Json(request): Json<ShipOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let shipment = Shipment { carrier: request.carrier, tracking_number: request.tracking_number };
    let command = ShipOrder { id, by: actor, shipment };
    let shipped = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(shipped.map(OrderBody::of_seller)))
}

fn refusal(error: ShipError) -> ApiError {
    match error {
        ShipError::NotTheSeller(error) => seller_error::refusal(error),
        ShipError::InvalidState => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}
