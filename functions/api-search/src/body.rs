//! What was found, as callers see it.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::market::{Market, MarketId};
use shared::domain::product::{Product, ProductId};
use shared::domain::values::money::{Currency, Money};
use shared::domain::values::text::{Description, Name, Sku, Title};
use shared::projections::search_index::Similarity;
use shared::repository::projections::search::SearchResultItem;
use shared::search::Hit;

/// How long anybody may keep an answer.
pub(crate) const PUBLIC: &str = "public, max-age=5";

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schemars(rename = "SearchHit")]
pub(crate) enum HitBody {
    /// A market.
    Market {
        /// Its id.
        id: MarketId,
        /// How similar it is to what was asked for, from 0 to 10,000.
        #[schemars(range(max = Similarity::MAX))]
        score: u32,
        /// The market, in short.
        market: MarketSummary,
    },
    /// A product of an active market.
    Product {
        /// Its id.
        id: ProductId,
        /// How similar it is to what was asked for, from 0 to 10,000.
        #[schemars(range(max = Similarity::MAX))]
        score: u32,
        /// The product, in short.
        product: ProductSummary,
    },
}

/// A market in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketSummary {
    name: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    currency: Currency,
}

/// A product in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductSummary {
    market_id: MarketId,
    sku: Sku,
    title: Title,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    price: Money,
}

impl From<Hit> for HitBody {
    fn from(Hit { score, found }: Hit) -> Self {
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
