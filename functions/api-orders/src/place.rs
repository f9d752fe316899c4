//! `POST /v1/orders`: a user orders products of one market.

use axum::Extension;
use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::Bounded;
use shared::api::{Authenticated, CommandState, IdempotencyKeyRequired};
use shared::domain::market::MarketId;
use shared::domain::market::settings::shipping::ShippingOptionId;
use shared::domain::order::lines::cart::MAX_ITEMS;
use shared::domain::order::payment::PaymentMethod;
use shared::domain::order::place::PlaceOrder;
use shared::domain::order::shipment::address::PostalAddress;
use shared::domain::values::country::{Country, Region};
use shared::domain::values::id::Id;
use shared::domain::values::money::Money;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};

use crate::body::OrderBody;
use crate::cart::{CartFields, ItemRequest};
use crate::config::OrderConfig;

/// Order to place.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "items": [{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": 2 }],
        "shippingAddress": {
            "name": "Ada Lovelace",
            "line1": "Torstrasse 1",
            "city": "Berlin",
            "postalCode": "10119",
            "country": "DE",
        },
        "shippingOptionId": "standard",
        "expectedTotal": { "amount": 4488, "currency": "EUR" },
        "paymentMethod": "pm_card_visa",
    }]),
)]
pub(crate) struct PlaceOrderRequest {
    /// Id of the market of the products. Without it, the order takes one more read.
    #[deserr(default)]
    market_id: Option<MarketId>,
    /// Products to order: 1 to 50 different products of one market.
    items: Bounded<ItemRequest, 1, MAX_ITEMS>,
    /// Delivery address: required if the order is shipped, and otherwise refused. An order is shipped if its
    /// market has shipping zones and one of its products requires shipping.
    #[deserr(default)]
    shipping_address: Option<PostalAddress>,
    /// Shipping option of the market for the country of the address: required if the order is shipped, and
    /// otherwise refused.
    #[deserr(default)]
    shipping_option_id: Option<ShippingOptionId>,
    /// Country of the buyer, for an order that is not shipped: required if the market has tax rates. An order
    /// with a `shippingAddress` is supplied to its country, and must not have this field.
    #[deserr(default)]
    country: Option<Country>,
    /// Region of the country.
    #[deserr(default)]
    region: Option<Region>,
    /// Total shown to the buyer. Another current total is refused with `PRICE_CHANGED`.
    #[deserr(default)]
    expected_total: Option<Money>,
    /// Payment method to charge. Without it, the buyer pays at the checkout in `payment` of the order.
    #[deserr(default)]
    payment_method: Option<PaymentMethod>,
}

/// Places an order at the current prices. It is `pending` until its stock is reserved.
pub(crate) async fn place_order(
    State(app): State<CommandState>,
    Extension(OrderConfig { address_retention_days, commission }): Extension<OrderConfig>,
    Authenticated(actor): Authenticated,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(request): Json<PlaceOrderRequest>,
) -> Result<Created<OrderBody>, ApiError> {
    let (expected_total, payment_method) = (request.expected_total, request.payment_method.clone());
    let cart = CartFields::from(request).into_cart(&app.queries.reader).await?;
    let id = Id::generate(context.at, &app.entropy);
    let command = PlaceOrder {
        expected_total,
        commission,
        address_retention_days,
        ..PlaceOrder::new(id, actor, cart, payment_method)
    };
    let placed = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::created(placed.map(|order| OrderBody::for_actor(&actor, order))))
}

impl From<PlaceOrderRequest> for CartFields {
    fn from(request: PlaceOrderRequest) -> Self {
        Self {
            market_id: request.market_id,
            items: request.items,
            shipping_address: request.shipping_address,
            shipping_option_id: request.shipping_option_id,
            country: request.country,
            region: request.region,
        }
    }
}
