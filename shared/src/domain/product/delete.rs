//! Removing a product.

use super::{Product, ProductEvent, ProductId, SkuClaim, SkuInMarket, Stock};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Removes a product with its stock, unless orders hold pieces of it. Its SKU is free again.
#[derive(Debug, Clone)]
pub struct DeleteProduct {
    /// Which product.
    pub id: ProductId,
    /// Who removes it.
    pub by: Actor,
    /// The version that must be there; any, if `None`.
    pub expected: Option<Version>,
}

/// Why a product cannot be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteProductError {
    /// There is no such product.
    #[error("there is no such product")]
    NotFound,
    /// It is somebody else's.
    #[error("only its seller removes a product")]
    NotYours,
    /// It is not at the version that the actor has seen.
    #[error("the product has changed")]
    VersionMismatch,
    /// Orders that are not settled yet hold pieces of it.
    #[error("orders hold pieces of the product; archive it, and remove it once they are settled")]
    Reserved,
}

impl Command for DeleteProduct {
    type State = Option<Product>;
    type Output = ();
    type Error = DeleteProductError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`DeleteProductError`]; `Reserved` comes from the stock's own condition and is exact under concurrency.
    fn decide(
        &self,
        product: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), DeleteProductError>, DeleteProductError> {
        let product = product.ok_or(DeleteProductError::NotFound)?;
        if !product.is_sold_by(&self.by) {
            return Err(DeleteProductError::NotYours);
        }
        if !product.version.matches(self.expected) {
            return Err(DeleteProductError::VersionMismatch);
        }
        let last = Product { version: product.version.next(), updated_at: now, ..product };
        let sku = SkuInMarket { market_id: last.market_id, sku: last.sku.clone() };
        let event = ProductEvent::Deleted { product_id: last.id, market_id: last.market_id };
        Ok(Change::of(())
            .delete_entity(&last, event)
            .delete_if_zero::<Stock>(&last.id, "reserved", DeleteProductError::Reserved)
            .remove::<SkuClaim>(&sku))
    }
}
