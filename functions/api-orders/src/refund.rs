//! `POST /v1/orders/{id}/refund`: the seller or an administrator refunds an order: the rest, an amount, or lines.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::{Bounded, NonNull};
use shared::api::permission::OrdersRefundAny;
use shared::api::{Authenticated, CommandState, HasPermission, IdempotencyKeyRequired};
use shared::domain::order::OrderId;
use shared::domain::order::lines::cart::MAX_ITEMS;
use shared::domain::order::refund::by_line::LinesToRefund;
use shared::domain::order::refund::{RefundOrder, RefundPart};
use shared::domain::product::ProductId;
use shared::domain::values::money::{Money, Quantity};
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
    }, {
        "lines": [{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": 1 }],
        "shipping": true,
        "restock": true,
        "reason": "One mug was returned.",
    }]),
)]
pub(crate) struct RefundOrderRequest {
    /// Amount to refund, in the currency of the order. It is distributed over the lines in proportion to what is
    /// left of them. Without it, and without `lines` and `shipping`, the whole remaining amount is refunded.
    #[deserr(default)]
    amount: Option<Money>,
    /// Products to refund, instead of an amount.
    #[deserr(default)]
    lines: Option<Bounded<RefundLineRequest, 1, MAX_ITEMS>>,
    /// True to refund the shipping, alone or with `lines`.
    #[deserr(default)]
    #[schemars(default)]
    shipping: NonNull<bool>,
    /// True if units in `lines` that have shipped return to the stock. Units of an order that has not shipped
    /// always do.
    #[deserr(default)]
    #[schemars(default)]
    restock: NonNull<bool>,
    /// Reason for the refund; shown to the buyer and, after a full refund, in the timeline.
    reason: Reason,
}

/// Product to refund.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct RefundLineRequest {
    /// Id of a product of the order.
    product_id: ProductId,
    /// Number of units to refund, at most the ordered units that are not refunded yet.
    quantity: Quantity,
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
    let (part, reason) = request.into_part()?;
    let command = RefundOrder { id, by: actor, may_refund_any: refunds_any.is_held(), part, reason };
    let refunding = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(refunding.map(OrderBody::of_seller)))
}

impl RefundOrderRequest {
    /// Returns the part of the order to refund, and the reason.
    fn into_part(self) -> Result<(RefundPart, Reason), ApiError> {
        let Self { amount, lines, shipping, restock, reason } = self;
        let [shipping, restock] = [shipping, restock].map(|flag| flag.0.unwrap_or_default());
        if restock && lines.is_none() {
            return Err(ApiError::field("restock", "must be false, because there are no lines"));
        }
        let lines = (shipping || lines.is_some()).then(|| LinesToRefund {
            items: lines.into_iter().flat_map(|lines| lines.0).map(RefundLineRequest::into_item).collect(),
            shipping,
            restock,
        });
        let part = match (amount, lines) {
            (None, None) => RefundPart::Rest,
            (Some(amount), None) => RefundPart::Amount(amount),
            (None, Some(lines)) => RefundPart::Lines(lines),
            (Some(_), Some(_)) => {
                return Err(ApiError::field(
                    "amount",
                    "must be absent if lines or the shipping are refunded",
                ));
            }
        };
        Ok((part, reason))
    }
}

impl RefundLineRequest {
    fn into_item(self) -> (ProductId, Quantity) {
        (self.product_id, self.quantity)
    }
}
