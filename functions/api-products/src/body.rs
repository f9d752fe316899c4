//! A product as callers see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::product::create::StockedProduct;
use shared::domain::product::{ProductId, ProductStatus, Stock};
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

/// How long anybody may keep a product that they were shown.
pub(crate) const PUBLIC: &str = "public, max-age=5";

/// A product.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Product")]
pub(crate) struct ProductBody {
    id: ProductId,
    market_id: MarketId,
    sku: Sku,
    title: Title,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    price: Money,
    stock: StockBody,
    status: ProductStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
}

/// How much of a product there is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Stock")]
struct StockBody {
    available: i64,
    reserved: i64,
}

impl Resource for ProductBody {
    fn location(&self) -> String {
        format!("/v1/products/{}", self.id)
    }

    /// The stock moves without a new version of the product, and is part of what is shown.
    fn tag(&self) -> EntityTag {
        EntityTag::with_counters(self.version, &[self.stock.available, self.stock.reserved])
    }
}

impl From<StockedProduct> for ProductBody {
    fn from(StockedProduct { product, stock }: StockedProduct) -> Self {
        let Stock { available, reserved, .. } = stock;
        Self {
            id: product.id,
            market_id: product.market_id,
            sku: product.sku,
            title: product.title,
            description: product.description,
            price: product.price,
            stock: StockBody { available, reserved },
            status: product.status,
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        }
    }
}
