//! `POST /v1/orders/{id}/cancel`: the buyer (or the seller) calls an order off before it ships.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::order::OrderId;
use shared::domain::order::cancel::{CancelError, CancelOrder};
use shared::domain::values::text::Reason;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;

/// Why an order is called off.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CancelOrderRequest {
    /// For the timeline.
    #[deserr(default)]
    reason: Option<Reason>,
}

/// Cancels the order. Stock and money go back by themselves.
pub(crate) async fn cancel_order<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    Idempotent(cause): Idempotent,
    Json(request): Json<CancelOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let command = CancelOrder { id, by: actor, reason: request.reason };
    let cancelled = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(cancelled.map(|order| OrderBody::for_actor(&actor, order))))
}

fn refusal(error: CancelError) -> ApiError {
    match error {
        CancelError::NotFound => ApiError::not_found(),
        CancelError::NotAParty => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        CancelError::TooLate => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}
