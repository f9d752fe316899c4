//! `POST /v1/quotes`: price of products with shipping and tax, without an order.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::api::QueryState;
use shared::api::deserialize::Bounded;
use shared::domain::market::settings::shipping::ShippingOptionId;
use shared::domain::market::{MarketId, MarketStatus};
use shared::domain::order::lines::ShippingLine;
use shared::domain::order::lines::cart::{MAX_ITEMS, PricedCart};
use shared::domain::order::place::PlaceOrderError;
use shared::domain::order::shipment::address::PostalAddress;
use shared::domain::values::country::{Country, Region};
use shared::domain::values::money::Money;
use shared::domain::values::text::Label;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json};

use crate::body::lines::LineBody;
use crate::cart::{CartFields, ItemRequest};

/// Products to price.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "items": [{ "productId": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS", "quantity": 2 }],
        "country": "DE",
        "shippingOptionId": "standard",
    }]),
)]
pub(crate) struct QuoteRequest {
    /// Id of the market of the products. Without it, the quote takes one more read.
    #[deserr(default)]
    market_id: Option<MarketId>,
    /// Products to price: 1 to 50 different products of one market.
    items: Bounded<ItemRequest, 1, MAX_ITEMS>,
    /// Delivery address. Only its country and region are used; nothing is stored.
    #[deserr(default)]
    shipping_address: Option<PostalAddress>,
    /// Shipping option for the country. Without it, the lines and the total do not contain the shipping.
    #[deserr(default)]
    shipping_option_id: Option<ShippingOptionId>,
    /// Country of the buyer: required without a `shippingAddress` if the order is shipped or the market has tax
    /// rates.
    #[deserr(default)]
    country: Option<Country>,
    /// Region of the country.
    #[deserr(default)]
    region: Option<Region>,
}

/// Price of products with shipping and tax.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Quote",
    extend("examples" = [{
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
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
        "requiresShipping": true,
        "shippingOptions": [{
            "id": "standard",
            "name": "Standard",
            "amount": { "amount": 490, "currency": "EUR" },
        }],
        "tax": { "amount": 0, "currency": "EUR" },
        "total": { "amount": 3998, "currency": "EUR" },
    }]),
)]
pub(crate) struct QuoteBody {
    /// Id of the market.
    market_id: MarketId,
    /// Lines that an order would have now: the products, and the shipping if an option was chosen.
    lines: Vec<LineBody>,
    /// True if the order is shipped: it then needs `shippingAddress` and `shippingOptionId`.
    requires_shipping: bool,
    /// Shipping options for the country; empty if nothing is shipped.
    shipping_options: Vec<OptionBody>,
    /// Sum of the taxes of the lines. `total` contains it.
    tax: Money,
    /// Sum of `gross` of the lines. Send it as `expectedTotal` of the order.
    total: Money,
}

/// Way of shipping an order, with its price for this order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "QuotedShippingOption")]
struct OptionBody {
    /// Id of the option: the `shippingOptionId` of the order.
    id: ShippingOptionId,
    /// Name shown to buyers.
    name: Label,
    /// Price, 0 if shipping is free for these products. Like the prices of the products, it includes the tax or not.
    amount: Money,
}

/// Prices products for an order, and writes nothing.
pub(crate) async fn quote_order(
    State(app): State<QueryState>,
    Json(request): Json<QuoteRequest>,
) -> Result<ApiResponse<QuoteBody>, ApiError> {
    let cart = CartFields::from(request).into_cart(&app.reader).await?;
    let (state, status) = app.reader.quote_state(&cart).await?;
    let priced = cart.price(state)?;
    if status.is_none_or(|copy| copy.status != MarketStatus::Active) {
        return Err(PlaceOrderError::MarketClosed(priced.market_id).into());
    }
    Ok(ApiResponse::ok(priced.into()))
}

impl From<QuoteRequest> for CartFields {
    fn from(request: QuoteRequest) -> Self {
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

impl From<PricedCart> for QuoteBody {
    fn from(priced: PricedCart) -> Self {
        let (quote, sum) = (&priced.quote, priced.quote.lines.sum());
        Self {
            market_id: priced.market_id,
            lines: LineBody::of_all(&quote.lines),
            requires_shipping: quote.is_shipped,
            shipping_options: quote.options.iter().map(OptionBody::from).collect(),
            tax: sum.tax,
            total: sum.gross,
        }
    }
}

impl From<&ShippingLine> for OptionBody {
    fn from(line: &ShippingLine) -> Self {
        Self { id: line.option_id.clone(), name: line.name.clone(), amount: line.amount }
    }
}
