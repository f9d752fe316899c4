//! `GET /v1/orders/{id}/timeline`: what happened to an order, and why it does not get on.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::OrdersReadAny;
use shared::api::{AppState, Authenticated, HasPermission};
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::fulfilment::attempts::Attempts;
use shared::domain::order::{Order, OrderId, Transition};
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, Path};
use shared::kit::system::clock::Timestamp;
use shared::repository::order::OrderReader;
use shared::repository::user::UserReader;

use crate::get::can_view;

/// An order's past, and what it is at.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Timeline")]
pub(crate) struct TimelineBody {
    transitions: Vec<Transition>,
    /// What the order is at, as long as it is at something.
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfilment: Option<FulfilmentBody>,
}

/// The step that the fulfilment is at.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Fulfilment")]
struct FulfilmentBody {
    step: &'static str,
    /// Until when the payment is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// How many attempts failed since the order was placed.
    failed_attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
}

/// Shows every status that the order had, and the step that it is at.
pub(crate) async fn get_order_timeline<S: Clone + Send + Sync + 'static, Q: OrderReader + UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    Path(id): Path<OrderId>,
) -> Result<ApiResponse<TimelineBody>, ApiError> {
    let (order, attempts) = app.reader.order_with_attempts(id).await?;
    let order = order.filter(|order| can_view(order, &actor, reads_any)).ok_or_else(ApiError::not_found)?;
    Ok(ApiResponse::ok(TimelineBody::new(order, attempts)))
}

impl TimelineBody {
    fn new(order: Order, attempts: Option<Attempts>) -> Self {
        let step = order.fulfilment.public_name();
        let until = match order.fulfilment {
            Fulfilment::AwaitingPayment { until, .. } => Some(until),
            _ => None,
        };
        let fulfilment = (order.fulfilment != Fulfilment::Finished).then(|| FulfilmentBody {
            step,
            until,
            failed_attempts: attempts.as_ref().map_or(0, |attempts| attempts.failed),
            last_error: attempts.as_ref().map(|attempts| attempts.last_error.clone()),
            next_attempt_at: attempts.and_then(|attempts| attempts.next_at),
        });
        Self { transitions: order.timeline, fulfilment }
    }
}
