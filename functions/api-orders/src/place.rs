//! `POST /v1/orders`: a user orders products of one market.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::Bounded;
use shared::api::{Authenticated, CommandState, IdempotencyKeyRequired};
use shared::domain::order::OrderId;
use shared::domain::order::payment::PaymentMethod;
use shared::domain::order::place::{MAX_LINES, OrderItem, PlaceOrder};
use shared::domain::product::ProductId;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::{Money, Quantity};
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};

use crate::body::OrderBody;

/// Order to place.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "items": [{
            "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "quantity": 2,
            "expectedPrice": { "amount": 1999, "currency": "EUR" },
        }],
        "paymentMethod": "pm_card_visa",
    }]),
)]
pub(crate) struct PlaceOrderRequest {
    /// Products to order: 1 to 50 different products of one market.
    items: Bounded<OrderItemRequest, 1, MAX_LINES>,
    /// Payment method to charge. Without it, the buyer pays at the checkout in `payment` of the order.
    #[deserr(default)]
    payment_method: Option<PaymentMethod>,
}

/// Product to order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct OrderItemRequest {
    /// Id of the product.
    product_id: ProductId,
    /// Number of units, from 1 to 1000.
    quantity: Quantity,
    /// Price per unit shown to the buyer. Another current price is refused with `PRICE_CHANGED`.
    #[deserr(default)]
    expected_price: Option<Money>,
}

/// Places an order at the current prices. It is `pending` until its stock is reserved.
pub(crate) async fn place_order(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(request): Json<PlaceOrderRequest>,
) -> Result<Created<OrderBody>, ApiError> {
    let command = request.into_command(Id::generate(context.at, &app.entropy), actor);
    let placed = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::created(placed.map(|order| OrderBody::for_actor(&actor, order))))
}

impl PlaceOrderRequest {
    fn into_command(self, id: OrderId, by: Actor) -> PlaceOrder {
        let items = self.items.0.into_iter().map(|item| OrderItem {
            product_id: item.product_id,
            quantity: item.quantity,
            expected_price: item.expected_price,
        });
        PlaceOrder { id, by, items: items.collect(), payment_method: self.payment_method }
    }
}
