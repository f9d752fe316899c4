//! Representation of search results in responses.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::market::{Market, MarketId};
use shared::domain::product::{Product, ProductId};
use shared::domain::values::money::{Currency, Money};
use shared::domain::values::text::{Description, Name, Sku, Title};
use shared::projections::search_index::Similarity;
use shared::repository::projections::search::SearchResultItem;
use shared::search::Hit;

/// `Cache-Control` of the responses.
pub(crate) const PUBLIC: &str = "public, max-age=5";

/// Market or product that matches the query.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schemars(
    rename = "SearchHit",
    extend("examples" = [
        {
            "type": "product",
            "id": "prd_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "score": 8214,
            "product": {
                "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
                "sku": "MUG-1",
                "title": "Mug, hand-thrown",
                "description": "Stoneware, 300 ml, dishwasher-safe.",
                "price": { "amount": 1999, "currency": "EUR" },
            },
        },
        {
            "type": "market",
            "id": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "score": 5071,
            "market": { "name": "Ada's Mugs", "description": "Hand-thrown stoneware.", "currency": "EUR" },
        },
    ]),
)]
pub(crate) enum HitBody {
    /// Active market.
    Market {
        /// Id of the market.
        id: MarketId,
        /// Similarity to the query, from 0 to 10,000.
        #[schemars(range(max = Similarity::MAX))]
        score: u32,
        /// Summary of the market.
        market: MarketSummary,
    },
    /// Active product of an active market.
    Product {
        /// Id of the product.
        id: ProductId,
        /// Similarity to the query, from 0 to 10,000.
        #[schemars(range(max = Similarity::MAX))]
        score: u32,
        /// Summary of the product.
        product: ProductSummary,
    },
}

/// Summary of a market.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketSummary {
    /// Name of the market.
    name: Name,
    /// Description of the market; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    /// Currency of all prices in the market.
    currency: Currency,
}

/// Summary of a product.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductSummary {
    /// Id of the market.
    market_id: MarketId,
    /// Stock-keeping unit; unique in the market.
    sku: Sku,
    /// Title of the product.
    title: Title,
    /// Description of the product; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    /// Price per unit.
    price: Money,
}

impl From<Hit> for HitBody {
    fn from(Hit { score, item: found }: Hit) -> Self {
        let score = score.get();
        match found {
            SearchResultItem::Market(market) => Self::Market { id: market.id, score, market: market.into() },
            SearchResultItem::Product(product) => {
                Self::Product { id: product.id, score, product: product.into() }
            }
        }
    }
}

impl From<Market> for MarketSummary {
    fn from(market: Market) -> Self {
        Self { name: market.name, description: market.description, currency: market.currency }
    }
}

impl From<Product> for ProductSummary {
    fn from(product: Product) -> Self {
        Self {
            market_id: product.market_id,
            sku: product.sku,
            title: product.title,
            description: product.description,
            price: product.price,
        }
    }
}
