//! Representation of a product in responses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::create::StockedProduct;
use shared::domain::product::{ProductId, ProductStatus, Stock};
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

/// `Cache-Control` of responses to anonymous callers.
pub(crate) const PUBLIC: &str = "public, max-age=5";

/// Product of a market, with its stock.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Product",
    extend("examples" = [{
        "id": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "sku": "MUG-1",
        "title": "Mug, hand-thrown",
        "description": "Stoneware, 300 ml, dishwasher-safe.",
        "price": { "amount": 1999, "currency": "EUR" },
        "taxClass": "standard",
        "requiresShipping": true,
        "stock": { "available": 8, "reserved": 2 },
        "status": "active",
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:00:00.000Z",
        "version": 1,
    }]),
)]
pub(crate) struct ProductBody {
    /// Id of the product.
    id: ProductId,
    /// Id of the market.
    market_id: MarketId,
    /// Stock-keeping unit assigned by the seller; unique in the market.
    sku: Sku,
    /// Title of the product.
    title: Title,
    /// Description of the product; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    /// Price per unit, in the currency of the market.
    price: Money,
    /// Tax class, which selects the tax rate of the market.
    tax_class: TaxClass,
    /// True if the product is shipped; false if it is digital or a service.
    requires_shipping: bool,
    /// Stock of the product.
    stock: StockBody,
    /// Status of the product. Only `active` products can be ordered.
    status: ProductStatus,
    /// Time of creation.
    created_at: Timestamp,
    /// Time of the last change. Changes of the stock do not count.
    updated_at: Timestamp,
    /// Version of the product, from 1; each change other than of the stock increments it.
    version: Version,
}

/// Stock of a product.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Stock")]
pub(crate) struct StockBody {
    /// Number of units that can be ordered.
    available: i64,
    /// Number of units reserved for orders that are not confirmed yet.
    reserved: i64,
}

impl Resource for ProductBody {
    const TAG_COUNTERS: &'static [usize] = &[2];

    fn location(&self) -> String {
        format!("/v1/products/{}", self.id)
    }

    /// The body contains the stock, which changes without a new version of the product.
    fn tag(&self) -> EntityTag {
        EntityTag::with_counters(self.version, &[self.stock.available, self.stock.reserved])
    }
}

impl From<StockedProduct> for ProductBody {
    fn from(StockedProduct { product, stock }: StockedProduct) -> Self {
        Self {
            id: product.id,
            market_id: product.market_id,
            sku: product.sku,
            title: product.title,
            description: product.description,
            price: product.price,
            tax_class: product.tax_class,
            requires_shipping: product.requires_shipping,
            stock: stock.into(),
            status: product.status,
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        }
    }
}

impl From<Stock> for StockBody {
    fn from(Stock { available, reserved, .. }: Stock) -> Self {
        Self { available, reserved }
    }
}
