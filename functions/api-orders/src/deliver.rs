//! `POST /v1/orders/{id}/deliver`: an order that was sent has arrived.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::order::OrderId;
use shared::domain::order::deliver::{DeliverError, DeliverOrder};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;
use crate::seller_error;

/// There is nothing to say about it.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub(crate) struct DeliverOrderRequest {}

/// Notes that the order has arrived.
pub(crate) async fn deliver_order<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    Idempotent(cause): Idempotent,
    Json(DeliverOrderRequest {}): Json<DeliverOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let command = DeliverOrder { id, by: actor };
    let delivered = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(delivered.map(OrderBody::of_seller)))
}

fn refusal(error: DeliverError) -> ApiError {
    match error {
        DeliverError::NotTheSeller(error) => seller_error::refusal(error),
        DeliverError::InvalidState => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}
