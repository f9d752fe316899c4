//! `GET /v1/orders/{id}/timeline`: status changes of an order and the current step of its fulfilment.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::permission::OrdersReadAny;
use shared::api::{Authenticated, HasPermission, QueryState};
use shared::domain::access::AccessError;
use shared::domain::order::fulfilment::Fulfilment;
use shared::domain::order::fulfilment::attempts::Attempts;
use shared::domain::order::{Order, OrderId, Transition};
use shared::domain::values::money::Money;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, Path};
use shared::kit::system::clock::Timestamp;

use crate::body::lines::LineBody;
use crate::get::can_view;

/// Lines and status changes of an order, and the current step of its fulfilment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Timeline",
    extend("examples" = [{
        "lines": [{
            "type": "item",
            "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "sku": "MUG-1",
            "title": "Mug, hand-thrown",
            "quantity": 2,
            "unitPrice": { "amount": 1999, "currency": "EUR" },
            "net": { "amount": 3998, "currency": "EUR" },
            "gross": { "amount": 3998, "currency": "EUR" },
        }],
        "total": { "amount": 3998, "currency": "EUR" },
        "transitions": [
            { "status": "pending", "at": "2027-01-15T08:00:00.000Z", "by": "buyer", "reason": null },
            {
                "status": "awaiting_payment",
                "at": "2027-01-15T08:00:01.000Z",
                "by": "system",
                "reason": null,
            },
        ],
        "fulfilment": {
            "step": "charging",
            "failedAttempts": 2,
            "lastError": "the payment gateway does not respond",
            "nextAttemptAt": "2027-01-15T08:00:09.000Z",
        },
    }]),
)]
pub(crate) struct TimelineBody {
    /// Lines of the order.
    lines: Vec<LineBody>,
    /// Total of the order: the sum of `gross` of the lines.
    total: Money,
    /// Status changes and failed refunds of the order, oldest first.
    transitions: Vec<Transition>,
    /// Current step of the fulfilment; absent if no step is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfilment: Option<FulfilmentBody>,
}

/// Current step of the fulfilment of an order.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Fulfilment")]
struct FulfilmentBody {
    /// `reserving stock`, `charging`, `awaiting payment`, `closing the checkout`, `checking the charge` or
    /// `refunding`.
    step: &'static str,
    /// Deadline of the payment, after which the order expires; present only in the step `awaiting payment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Number of failed attempts since the order was placed.
    failed_attempts: i64,
    /// Reason why the last attempt failed or was delayed; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Time of the next attempt; absent if none is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
}

/// Returns the status changes of the order and the current step of its fulfilment.
pub(crate) async fn get_order_timeline(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    Path(id): Path<OrderId>,
) -> Result<ApiResponse<TimelineBody>, ApiError> {
    let (order, attempts) = app.reader.order_with_attempts(id).await?;
    let order =
        order.filter(|order| can_view(order, &actor, reads_any)).ok_or_else(|| AccessError::not_found(id))?;
    Ok(ApiResponse::ok(TimelineBody::new(order, attempts)))
}

impl TimelineBody {
    fn new(order: Order, attempts: Option<Attempts>) -> Self {
        let fulfilment = (order.fulfilment != Fulfilment::Finished).then(|| FulfilmentBody {
            step: order.fulfilment.public_name(),
            until: order.fulfilment.payment_deadline(),
            failed_attempts: attempts.as_ref().map_or(0, |attempts| attempts.failed),
            last_error: attempts.as_ref().map(|attempts| attempts.last_error.clone()),
            next_attempt_at: attempts.and_then(|attempts| attempts.next_at),
        });
        let (lines, total) = (LineBody::of_all(&order.lines), order.total());
        Self { lines, total, transitions: order.timeline, fulfilment }
    }
}
