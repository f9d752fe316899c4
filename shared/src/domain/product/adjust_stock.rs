//! Adjusting the stock of a product.

use super::create::StockedProduct;
use super::{Product, ProductId, Stock};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Adjustment, Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Adds units to the available stock of a product or removes them.
#[derive(Debug, Clone)]
pub struct AdjustStock {
    /// Id of the product.
    pub id: ProductId,
    /// Actor that adjusts the stock.
    pub by: Actor,
    /// Number of units to add; negative to remove.
    pub delta: i64,
}

/// Reason why the stock cannot be adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdjustStockError {
    /// The product does not exist.
    #[error("product not found")]
    NotFound,
    /// The actor is not the seller.
    #[error("only the seller of the product can adjust its stock")]
    Forbidden,
    /// Fewer units are available than are to be removed.
    #[error("fewer units are available than are to be removed")]
    InsufficientStock,
}

impl Command for AdjustStock {
    type State = (Option<Product>, Option<Stock>);
    type Output = StockedProduct;
    type Error = AdjustStockError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id))
    }

    /// Returns the stock that was read, changed by `delta`.
    ///
    /// # Errors
    /// [`AdjustStockError`]. `InsufficientStock` results from the condition on the stock counter and is exact
    /// under concurrency.
    fn decide(
        &self,
        (product, stock): Self::State,
        _: Timestamp,
    ) -> Result<Change<StockedProduct, AdjustStockError>, AdjustStockError> {
        let (product, stock) = product.zip(stock).ok_or(AdjustStockError::NotFound)?;
        if !product.is_sold_by(&self.by) {
            return Err(AdjustStockError::Forbidden);
        }
        let stock = Stock { available: stock.available.saturating_add(self.delta), ..stock };
        let change = Adjustment::of::<Stock>().add("available", self.delta);
        Ok(Change::of(StockedProduct { product, stock }).adjust::<Stock>(
            &self.id,
            change,
            AdjustStockError::InsufficientStock,
        ))
    }
}
