//! Summary of a product: the part that lists show.

use serde::{Deserialize, Serialize};

use super::{Product, ProductId, ProductStatus, Stock};
use crate::domain::market::MarketId;
use crate::domain::market::settings::tax::TaxClass;
use crate::domain::values::money::Money;
use crate::domain::values::text::{Sku, Title};
use crate::kit::system::clock::Timestamp;

/// Part of a product that lists show. It has neither the description, which can be long, nor anything that
/// every update changes, such as the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductSummary {
    /// Id of the product.
    pub id: ProductId,
    /// Id of the market.
    pub market_id: MarketId,
    /// SKU assigned by the seller.
    pub sku: Sku,
    /// Title.
    pub title: Title,
    /// Price per unit.
    pub price: Money,
    /// Tax class.
    pub tax_class: TaxClass,
    /// True if the product is shipped.
    pub requires_shipping: bool,
    /// Status.
    pub status: ProductStatus,
    /// Time of creation.
    pub created_at: Timestamp,
}

/// Summary of a product, with its stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockedSummary {
    /// Summary of the product.
    pub product: ProductSummary,
    /// Stock of the product.
    pub stock: Stock,
}

impl From<&Product> for ProductSummary {
    fn from(product: &Product) -> Self {
        Self {
            id: product.id,
            market_id: product.market_id,
            sku: product.sku.clone(),
            title: product.title.clone(),
            price: product.price,
            tax_class: product.tax_class,
            requires_shipping: product.requires_shipping,
            status: product.status,
            created_at: product.created_at,
        }
    }
}
