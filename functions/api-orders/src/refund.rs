//! `POST /v1/orders/{id}/refund`: the seller gives money back, all of it or a part.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated, IdempotencyKeyRequired};
use shared::domain::order::OrderId;
use shared::domain::order::refund::{RefundError, RefundOrder};
use shared::domain::values::money::Money;
use shared::domain::values::text::Reason;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use crate::body::OrderBody;
use crate::seller_error;

/// What is given back.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefundOrderRequest {
    /// How much; all that is left, if nothing is said.
    #[deserr(default)]
    amount: Option<Money>,
    /// For the buyer and the timeline.
    reason: Reason,
}

/// Decides on a refund, which is `pending` until the gateway has made it.
pub(crate) async fn refund_order<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<OrderId>,
    IdempotencyKeyRequired(cause): IdempotencyKeyRequired,
    Json(request): Json<RefundOrderRequest>,
) -> Result<Versioned<OrderBody>, ApiError> {
    let command = RefundOrder { id, by: actor, amount: request.amount, reason: request.reason };
    let refunding = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(refunding.map(OrderBody::of_seller)))
}

fn refusal(error: RefundError) -> ApiError {
    let says = error.to_string();
    match error {
        RefundError::NotTheSeller(error) => seller_error::refusal(error),
        RefundError::Nothing => ApiError::field("amount.amount", says),
        RefundError::OtherCurrency => ApiError::field("amount.currency", says),
        RefundError::TooMuch { left } => {
            let rule = format!("must be at most {} {}", left.amount(), left.currency().as_str());
            ApiError::new(ErrorCode::InvalidState, says).with_field("amount", rule)
        }
        RefundError::InvalidState | RefundError::TooMany => ApiError::new(ErrorCode::InvalidState, says),
    }
}
