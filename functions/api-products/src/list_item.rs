//! Representation of a product in lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::market::MarketId;
use shared::domain::market::settings::tax::TaxClass;
use shared::domain::product::summary::{ProductSummary, StockedSummary};
use shared::domain::product::{Product, ProductId, ProductStatus};
use shared::domain::values::money::Money;
use shared::domain::values::text::{Description, Sku, Title};
use shared::kit::command::Version;
use shared::kit::system::clock::Timestamp;

use crate::body::StockBody;

/// Product in a list, with its stock.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "ProductListItem",
    extend("examples" = [{
        "id": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "sku": "MUG-1",
        "title": "Mug, hand-thrown",
        "price": { "amount": 1999, "currency": "EUR" },
        "taxClass": "standard",
        "requiresShipping": true,
        "stock": { "available": 8, "reserved": 2 },
        "status": "active",
        "createdAt": "2027-01-15T08:00:00.000Z",
    }]),
)]
pub(crate) struct ProductListItem {
    /// Id of the product.
    id: ProductId,
    /// Id of the market.
    market_id: MarketId,
    /// Stock-keeping unit assigned by the seller; unique in the market.
    sku: Sku,
    /// Title of the product.
    title: Title,
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
    /// Description of the product; present only if `fields` names it and the product has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    /// Time of the last change; present only if `fields` names it. Changes of the stock do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// Version of the product; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
}

impl ProductListItem {
    /// Fields that are not part of the summary: returned only if the caller names them, because the products
    /// themselves must be read.
    pub(crate) const DETAILS: [&str; 3] = ["description", "updatedAt", "version"];

    /// Combines a summary and its stock with the product, if it was read.
    pub(crate) fn new(StockedSummary { product, stock }: StockedSummary, details: Option<&Product>) -> Self {
        let ProductSummary {
            id,
            market_id,
            sku,
            title,
            price,
            tax_class,
            requires_shipping,
            status,
            created_at,
        } = product;
        Self {
            id,
            market_id,
            sku,
            title,
            price,
            tax_class,
            requires_shipping,
            stock: stock.into(),
            status,
            created_at,
            description: details.and_then(|product| product.description.clone()),
            updated_at: details.map(|product| product.updated_at),
            version: details.map(|product| product.version),
        }
    }
}
