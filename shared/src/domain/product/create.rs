//! Listing a product.

use serde::{Deserialize, Serialize};

use super::{Product, ProductEvent, ProductId, ProductStatus, SkuClaim, SkuInMarket, Stock};
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::{Description, Sku, Title};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// The most pieces that a product's stock can be set or changed by at once.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// A product as its seller describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// The id it is to have.
    pub id: ProductId,
    /// The seller's name for it.
    pub sku: Sku,
    /// What it is called.
    pub title: Title,
    /// What is said of it.
    pub description: Option<Description>,
    /// What one piece costs.
    pub price: Money,
    /// How many pieces there are, from 0 to [`MAX_PIECES`].
    pub stock: i64,
}

/// A product with its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockedProduct {
    /// The product.
    pub product: Product,
    /// How much of it there is.
    pub stock: Stock,
}

impl NewProduct {
    /// Adds to `change` all that makes this a product of `market`: itself, its stock, its claim on the SKU.
    pub(crate) fn put_into<T, E: Clone>(
        &self,
        market: &Market,
        now: Timestamp,
        change: Change<T, E>,
        sku_taken: E,
    ) -> (Change<T, E>, StockedProduct) {
        let product = Product {
            id: self.id,
            version: Version::FIRST,
            market_id: market.id,
            seller_id: market.creator_id,
            sku: self.sku.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            price: self.price,
            status: ProductStatus::Active,
            created_at: now,
            updated_at: now,
        };
        let stock = Stock { available: self.stock, ..Stock::default() };
        let sku = SkuInMarket { market_id: market.id, sku: self.sku.clone() };
        let change = change
            .save(&product, ProductEvent::Changed { product_id: product.id, market_id: market.id })
            .overwrite(&product.id, &stock)
            .claim(&sku, &SkuClaim { product_id: product.id }, sku_taken);
        (change, StockedProduct { product, stock })
    }
}

/// Lists a product in a market.
#[derive(Debug, Clone)]
pub struct CreateProduct {
    /// The market.
    pub market_id: MarketId,
    /// Who lists it.
    pub by: Actor,
    /// The product.
    pub product: NewProduct,
}

/// Why a product cannot be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateProductError {
    /// There is no such market, or it is none of the actor's business.
    #[error("there is no such market")]
    NoMarket,
    /// The market belongs to somebody else.
    #[error("only its creator lists products in a market")]
    NotYours,
    /// The market is closed or suspended.
    #[error("the market is closed")]
    MarketClosed,
    /// The price is in another currency than the market's.
    #[error("must be in the market's currency")]
    CurrencyMismatch,
    /// The market has a product with this SKU.
    #[error("the market has a product with this SKU")]
    SkuTaken,
}

impl Command for CreateProduct {
    type State = Option<Market>;
    type Output = StockedProduct;
    type Error = CreateProductError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.market_id)
    }

    /// # Errors
    /// [`CreateProductError`]; `SkuTaken` comes from the claim on the SKU and is exact under concurrency.
    fn decide(
        &self,
        market: Self::State,
        now: Timestamp,
    ) -> Result<Change<StockedProduct, CreateProductError>, CreateProductError> {
        let market = market
            .filter(|market| market.is_visible_to(Some(&self.by)))
            .ok_or(CreateProductError::NoMarket)?;
        if !market.is_owned_by(&self.by) {
            return Err(CreateProductError::NotYours);
        }
        if !matches!(market.status, MarketStatus::Draft | MarketStatus::Active) {
            return Err(CreateProductError::MarketClosed);
        }
        if self.product.price.currency() != market.currency {
            return Err(CreateProductError::CurrencyMismatch);
        }
        let (change, listed) =
            self.product.put_into(&market, now, Change::of(()), CreateProductError::SkuTaken);
        Ok(change.with_output(listed))
    }
}
