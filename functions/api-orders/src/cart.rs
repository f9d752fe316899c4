//! Fields of a cart in requests.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::Bounded;
use shared::domain::market::MarketId;
use shared::domain::market::settings::shipping::ShippingOptionId;
use shared::domain::order::lines::cart::{Cart, CartItem, MAX_ITEMS, Supply};
use shared::domain::order::shipment::address::PostalAddress;
use shared::domain::product::ProductId;
use shared::domain::values::country::{Country, Place, Region};
use shared::domain::values::money::{Money, Quantity};
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::error::{ApiError, FieldErrors};

/// Product to order.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename = "OrderItemRequest", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ItemRequest {
    /// Id of the product.
    product_id: ProductId,
    /// Number of units, from 1 to 1000.
    quantity: Quantity,
    /// Price per unit shown to the buyer. Another current price is refused with `PRICE_CHANGED`.
    #[deserr(default)]
    expected_price: Option<Money>,
}

/// Fields that orders and quotes have in common.
pub(crate) struct CartFields {
    pub(crate) market_id: Option<MarketId>,
    pub(crate) items: Bounded<ItemRequest, 1, MAX_ITEMS>,
    pub(crate) shipping_address: Option<PostalAddress>,
    pub(crate) shipping_option_id: Option<ShippingOptionId>,
    pub(crate) country: Option<Country>,
    pub(crate) region: Option<Region>,
}

impl CartFields {
    /// Converts the fields. Without a market, it is looked up.
    pub(crate) async fn into_cart(self, reader: &DynamoReader) -> Result<Cart, ApiError> {
        let supply = supply(self.shipping_address, self.country, self.region)?;
        let items: Vec<CartItem> = self.items.0.into_iter().map(CartItem::from).collect();
        let market_id = match (self.market_id, items.first()) {
            (None, Some(first)) => reader.market_of(first.product_id).await?,
            (market_id, _) => market_id,
        };
        Ok(Cart { supply, shipping_option: self.shipping_option_id, ..Cart::new(market_id, items) })
    }
}

fn supply(
    address: Option<PostalAddress>,
    country: Option<Country>,
    region: Option<Region>,
) -> Result<Option<Supply>, ApiError> {
    match (address, country, region) {
        (Some(address), None, None) => Ok(Some(Supply::Address(Box::new(address)))),
        (Some(_), Some(_), _) => {
            Err(ApiError::field("country", "must be absent if there is a shippingAddress"))
        }
        (Some(_), None, Some(_)) => {
            Err(ApiError::field("region", "must be absent if there is a shippingAddress"))
        }
        (None, Some(country), region) => Ok(Some(Supply::Place(Place { country, region }))),
        (None, None, Some(_)) => Err(ApiError::field("country", "is required if there is a region")),
        (None, None, None) => Ok(None),
    }
}

impl From<ItemRequest> for CartItem {
    fn from(item: ItemRequest) -> Self {
        Self { product_id: item.product_id, quantity: item.quantity, expected_price: item.expected_price }
    }
}
