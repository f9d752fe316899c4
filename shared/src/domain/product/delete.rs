//! Deleting a product.

use super::{Product, ProductEvent, ProductId, SkuClaim, SkuKey, Stock};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::values::actor::Actor;
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Deletes a product with its stock and releases its SKU, unless units of it are reserved for orders.
#[derive(Debug, Clone)]
pub struct DeleteProduct {
    /// Id of the product.
    pub id: ProductId,
    /// Actor that deletes the product.
    pub by: Actor,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
}

/// Reason why a product cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeleteProductError {
    /// The actor has no access to the product.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Units of the product are reserved for orders that are not confirmed yet.
    #[error(
        "units of product {0} are reserved for orders; archive it, and delete it once these orders have ended"
    )]
    Reserved(ProductId),
}

impl Command for DeleteProduct {
    type State = Option<Product>;
    type Output = ();
    type Error = DeleteProductError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`DeleteProductError`]. `Reserved` results from the condition on the stock counter and is exact under
    /// concurrency.
    fn decide(
        &self,
        product: Self::State,
        _: Timestamp,
    ) -> Result<Change<(), DeleteProductError>, DeleteProductError> {
        let product = product.ok_or(AccessError::not_found(self.id))?;
        forbid_unless(product.is_sold_by(&self.by), "only the seller of the product can delete it")?;
        require_version(product.id, product.version, self.expected.as_ref())?;
        let last = Product { version: product.version.next(), ..product };
        let sku = SkuKey { market_id: last.market_id, sku: last.sku.clone() };
        let event = ProductEvent::Deleted { product_id: last.id, market_id: last.market_id };
        Ok(Change::of(())
            .delete_entity(&last, event)
            .delete_if_zero::<Stock>(&last.id, "reserved", DeleteProductError::Reserved(last.id))
            .remove::<SkuClaim>(&sku))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, product, refusal, third};
    use crate::kit::command::{Condition, Operation, Version};

    fn delete(by: &str) -> DeleteProduct {
        DeleteProduct { id: product().id, by: actor(by), expected: Some(third().into()) }
    }

    #[test]
    fn seller_deletes_the_product_with_stock_and_sku_claim() {
        for expected in [None, Some(third().into())] {
            let deleted = decide(&DeleteProduct { expected, ..delete(SELLER) }, Some(product()), at(7));
            assert_eq!(deleted.events(), [("product.deleted", third().next())]);
            let entity = deleted.write::<Product>(&product().id);
            assert_eq!(entity.condition, Condition::AtVersion(third()));
            let stock = deleted.write::<Stock>(&product().id);
            assert_eq!(stock.condition, Condition::Zero("reserved"));
            assert_eq!(stock.refusal, Some(DeleteProductError::Reserved(product().id)));
            let sku = SkuKey { market_id: product().market_id, sku: product().sku };
            for write in [entity, stock, deleted.write::<SkuClaim>(&sku)] {
                assert!(matches!(write.operation, Operation::Delete));
            }
        }
    }

    #[test]
    fn deletion_is_refused_without_product_ownership_or_version() {
        let forbidden = AccessError::Forbidden("only the seller of the product can delete it");
        let outdated = DeleteProduct { expected: Some(Version::FIRST.into()), ..delete(SELLER) };
        for (command, state, error) in [
            (delete(SELLER), None, AccessError::not_found(product().id)),
            (delete(STRANGER), Some(product()), forbidden),
            (outdated, Some(product()), AccessError::VersionMismatch(product().id.into())),
        ] {
            assert_eq!(refusal(&command, state, at(7)), error.into());
        }
    }
}
