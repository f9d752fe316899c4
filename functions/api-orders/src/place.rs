//! `POST /v1/orders`: somebody buys something.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::Bounded;
use shared::api::{AppState, Authenticated, IdempotencyKeyRequired};
use shared::domain::order::OrderId;
use shared::domain::order::place::{MAX_LINES, OrderItem, PlaceOrder, PlaceOrderError};
use shared::domain::payment::PaymentMethod;
use shared::domain::product::ProductId;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::domain::values::money::{Money, Quantity};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};

use crate::body::OrderBody;

/// What somebody wants to buy.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaceOrderRequest {
    /// 1 to 50 different products of one market.
    items: Bounded<OrderItemRequest, 1, MAX_LINES>,
    /// What it is charged to; without it, the order waits for its payment.
    #[deserr(default)]
    payment_method: Option<PaymentMethod>,
}

#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct OrderItemRequest {
    product_id: ProductId,
    quantity: Quantity,
    /// Refuse the order if the product costs something else by now.
    #[deserr(default)]
    expected_price: Option<Money>,
}

/// Places an order at the prices of this moment. It is `pending` until its stock is reserved.
pub(crate) async fn place_order<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    IdempotencyKeyRequired(cause): IdempotencyKeyRequired,
    Json(request): Json<PlaceOrderRequest>,
) -> Result<Created<OrderBody>, ApiError> {
    let command = request.into_command(Id::generate(cause.at, &app.entropy), actor);
    let placed = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
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

fn refusal(error: PlaceOrderError) -> ApiError {
    let says = error.to_string();
    match error {
        PlaceOrderError::NoProduct { index }
        | PlaceOrderError::OtherMarket { index }
        | PlaceOrderError::Repeated { index } => ApiError::field(format!("items[{index}].productId"), says),
        PlaceOrderError::Empty | PlaceOrderError::TotalTooLarge => ApiError::field("items", says),
        PlaceOrderError::PriceChanged { index, price } => {
            let now = format!("costs {} {} now", price.amount(), price.currency().as_str());
            ApiError::new(ErrorCode::PriceChanged, says)
                .with_field(format!("items[{index}].expectedPrice"), now)
        }
        PlaceOrderError::MarketClosed => ApiError::new(ErrorCode::InvalidState, says),
    }
}
