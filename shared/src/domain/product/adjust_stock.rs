//! Correcting how much of a product there is.

use super::create::StockedProduct;
use super::{Product, ProductId, Stock};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Adjustment, Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Adds pieces to what is available, or takes them away.
#[derive(Debug, Clone)]
pub struct AdjustStock {
    /// Which product.
    pub id: ProductId,
    /// Who does it.
    pub by: Actor,
    /// How many pieces more; negative: fewer.
    pub delta: i64,
}

/// Why the stock cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdjustStockError {
    /// There is no such product.
    #[error("there is no such product")]
    NotFound,
    /// It is somebody else's.
    #[error("only the seller changes the stock of a product")]
    NotYours,
    /// Fewer pieces are available than are to be taken away.
    #[error("fewer pieces are available than are to be taken away")]
    InsufficientStock,
}

impl Command for AdjustStock {
    type State = (Option<Product>, Option<Stock>);
    type Output = StockedProduct;
    type Error = AdjustStockError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id))
    }

    /// The answer is the stock that the decision saw, changed by `delta`.
    ///
    /// # Errors
    /// [`RestockError`]; `InsufficientStock` comes from the counter's own condition and is exact under concurrency.
    fn decide(
        &self,
        (product, stock): Self::State,
        _: Timestamp,
    ) -> Result<Change<StockedProduct, AdjustStockError>, AdjustStockError> {
        let (product, stock) = product.zip(stock).ok_or(AdjustStockError::NotFound)?;
        if !product.is_sold_by(&self.by) {
            return Err(AdjustStockError::NotYours);
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
