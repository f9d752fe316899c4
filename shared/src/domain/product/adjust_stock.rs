//! Adjusting the stock of a product.

use super::create::StockedProduct;
use super::{Product, ProductId, Stock};
use crate::domain::access::{AccessError, forbid_unless};
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
    /// The actor has no access to the product.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Fewer units are available than are to be removed.
    #[error("fewer units of product {0} are available than are to be removed")]
    InsufficientStock(ProductId),
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
        let (product, stock) = product.zip(stock).ok_or(AccessError::not_found(self.id))?;
        forbid_unless(product.is_sold_by(&self.by), "only the seller of the product can adjust its stock")?;
        let stock = Stock { available: stock.available.saturating_add(self.delta), ..stock };
        let change = Adjustment::of::<Stock>().add("available", self.delta);
        Ok(Change::of(StockedProduct { product, stock }).adjust::<Stock>(
            &self.id,
            change,
            AdjustStockError::InsufficientStock(self.id),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, product, refusal};
    use crate::kit::command::{Condition, Operation};

    const STOCK: Stock = Stock { available: 5, reserved: 2, sold: 1 };

    #[test]
    fn seller_adds_and_removes_units() {
        for (delta, available) in [(3, 8), (-5, 0)] {
            let command = AdjustStock { id: product().id, by: actor(SELLER), delta };
            let adjusted = decide(&command, (Some(product()), Some(STOCK)), at(7));
            assert_eq!(adjusted.output.product, product());
            assert_eq!(adjusted.output.stock, Stock { available, ..STOCK });
            let write = adjusted.write::<Stock>(&product().id);
            let Operation::Adjust(adjustment) = &write.operation else { panic!("expected an adjustment") };
            assert_eq!(*adjustment, Adjustment::of::<Stock>().add("available", delta));
            assert_eq!(write.condition, Condition::NoneBelowZero);
            assert_eq!(write.refusal, Some(AdjustStockError::InsufficientStock(product().id)));
        }
    }

    #[test]
    fn adjustment_is_refused_without_product_or_ownership() {
        let command = |by| AdjustStock { id: product().id, by: actor(by), delta: 1 };
        for state in [(None, None), (Some(product()), None), (None, Some(STOCK))] {
            assert_eq!(refusal(&command(SELLER), state, at(7)), AccessError::not_found(product().id).into());
        }
        let state = (Some(product()), Some(STOCK));
        let forbidden = AccessError::Forbidden("only the seller of the product can adjust its stock");
        assert_eq!(refusal(&command(STRANGER), state, at(7)), forbidden.into());
    }
}
