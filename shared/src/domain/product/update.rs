//! Changing a product.

use super::create::StockedProduct;
use super::{Product, ProductEvent, ProductId, ProductStatus, SkuClaim, SkuInMarket, Stock};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::{Description, Sku, Title};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Changes a product, at the version that the actor has seen. Its stock is changed by other commands.
#[derive(Debug, Clone)]
pub struct UpdateProduct {
    /// Which product.
    pub id: ProductId,
    /// Who changes it.
    pub by: Actor,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
    /// What changes.
    pub changes: ProductChanges,
}

/// What changes about a product; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductChanges {
    /// The seller's name for it.
    pub sku: Option<Sku>,
    /// What it is called.
    pub title: Option<Title>,
    /// What is said of it; the inner `None` takes it away.
    pub description: Option<Option<Description>>,
    /// What one piece costs.
    pub price: Option<Money>,
    /// Whether it can be ordered.
    pub status: Option<ProductStatus>,
}

/// Why a product cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateProductError {
    /// There is no such product.
    #[error("there is no such product")]
    NotFound,
    /// It is somebody else's.
    #[error("only its seller changes a product")]
    NotYours,
    /// It is not at the version that the actor has seen.
    #[error("the product has changed")]
    VersionMismatch,
    /// The price is in another currency than the market's.
    #[error("must be in the market's currency")]
    CurrencyMismatch,
    /// The market has another product with this SKU.
    #[error("the market has a product with this SKU")]
    SkuTaken,
}

impl Command for UpdateProduct {
    type State = (Option<Product>, Option<Stock>);
    type Output = StockedProduct;
    type Error = UpdateProductError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id))
    }

    /// # Errors
    /// [`UpdateProductError`]; `SkuTaken` comes from the claim on the SKU and is exact under concurrency.
    fn decide(
        &self,
        (product, stock): Self::State,
        now: Timestamp,
    ) -> Result<Change<StockedProduct, UpdateProductError>, UpdateProductError> {
        let (product, stock) = product.zip(stock).ok_or(UpdateProductError::NotFound)?;
        self.check(&product)?;
        let ProductChanges { sku, title, description, price, status } = self.changes.clone();
        let changed = Product {
            version: product.version.next(),
            sku: sku.unwrap_or_else(|| product.sku.clone()),
            title: title.unwrap_or(product.title),
            description: description.unwrap_or(product.description),
            price: price.unwrap_or(product.price),
            status: status.unwrap_or(product.status),
            updated_at: now,
            ..product
        };
        let event = ProductEvent::Changed { product_id: changed.id, market_id: changed.market_id };
        let change = Change::of(StockedProduct { product: changed.clone(), stock }).save(&changed, event);
        if changed.sku == product.sku {
            return Ok(change);
        }
        let of_market = |sku| SkuInMarket { market_id: changed.market_id, sku };
        Ok(change.remove::<SkuClaim>(&of_market(product.sku)).claim(
            &of_market(changed.sku),
            &SkuClaim { product_id: changed.id },
            UpdateProductError::SkuTaken,
        ))
    }
}

impl UpdateProduct {
    fn check(&self, product: &Product) -> Result<(), UpdateProductError> {
        if !product.is_sold_by(&self.by) {
            return Err(UpdateProductError::NotYours);
        }
        if !product.version.matches(self.expected) {
            return Err(UpdateProductError::VersionMismatch);
        }
        if self.changes.price.is_some_and(|price| price.currency() != product.price.currency()) {
            return Err(UpdateProductError::CurrencyMismatch);
        }
        Ok(())
    }
}
