//! Updating a product.

use super::create::StockedProduct;
use super::{Product, ProductEvent, ProductId, ProductStatus, SkuClaim, SkuKey, Stock};
use crate::domain::access::{AccessError, forbid_unless, require_version};
use crate::domain::market::MarketId;
use crate::domain::market::settings::tax::TaxClass;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::{Description, Sku, Title};
use crate::kit::command::{Change, Command, ReadSet, VersionSet};
use crate::kit::system::clock::Timestamp;

/// Updates a product. Its stock is changed by other commands.
#[derive(Debug, Clone)]
pub struct UpdateProduct {
    /// Id of the product.
    pub id: ProductId,
    /// Actor that updates the product.
    pub by: Actor,
    /// Accepted versions; `None` accepts any version.
    pub expected: Option<VersionSet>,
    /// Changes to apply.
    pub changes: ProductChanges,
}

/// Changes to a product; `None` leaves a property unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductChanges {
    /// New SKU.
    pub sku: Option<Sku>,
    /// New title.
    pub title: Option<Title>,
    /// New description; the inner `None` removes it.
    pub description: Option<Option<Description>>,
    /// New price per unit.
    pub price: Option<Money>,
    /// New tax class.
    pub tax_class: Option<TaxClass>,
    /// New value of [`Product::requires_shipping`].
    pub requires_shipping: Option<bool>,
    /// New status.
    pub status: Option<ProductStatus>,
}

/// Reason why a product cannot be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpdateProductError {
    /// The actor has no access to the product.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The currency of the price differs from that of the market.
    #[error("must be in the currency of the market")]
    CurrencyMismatch,
    /// Another product of the market has this SKU.
    #[error("another product of market {market} has this SKU")]
    SkuTaken {
        /// Market of both products.
        market: MarketId,
    },
}

impl Command for UpdateProduct {
    type State = (Option<Product>, Option<Stock>);
    type Output = StockedProduct;
    type Error = UpdateProductError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id).and(ReadSet::get(&self.id))
    }

    /// # Errors
    /// [`UpdateProductError`]. `SkuTaken` results from the claim on the SKU and is exact under concurrency.
    fn decide(
        &self,
        (product, stock): Self::State,
        now: Timestamp,
    ) -> Result<Change<StockedProduct, UpdateProductError>, UpdateProductError> {
        let (product, stock) = product.zip(stock).ok_or(AccessError::not_found(self.id))?;
        self.check(&product)?;
        let ProductChanges { sku, title, description, price, tax_class, requires_shipping, status } =
            self.changes.clone();
        let changed = Product {
            version: product.version.next(),
            sku: sku.unwrap_or_else(|| product.sku.clone()),
            title: title.unwrap_or(product.title),
            description: description.unwrap_or(product.description),
            price: price.unwrap_or(product.price),
            tax_class: tax_class.unwrap_or(product.tax_class),
            requires_shipping: requires_shipping.unwrap_or(product.requires_shipping),
            status: status.unwrap_or(product.status),
            updated_at: now,
            ..product
        };
        let event = ProductEvent::Changed { product_id: changed.id, market_id: changed.market_id };
        let change = Change::of(StockedProduct { product: changed.clone(), stock }).save(&changed, event);
        if changed.sku == product.sku {
            return Ok(change);
        }
        let sku_key = |sku| SkuKey { market_id: changed.market_id, sku };
        Ok(change.remove::<SkuClaim>(&sku_key(product.sku)).claim(
            &sku_key(changed.sku),
            &SkuClaim { product_id: changed.id },
            UpdateProductError::SkuTaken { market: changed.market_id },
        ))
    }
}

impl UpdateProduct {
    fn check(&self, product: &Product) -> Result<(), UpdateProductError> {
        forbid_unless(product.is_sold_by(&self.by), "only the seller of the product can change it")?;
        require_version(product.id, product.version, self.expected.as_ref())?;
        if self.changes.price.is_some_and(|price| price.currency() != product.price.currency()) {
            return Err(UpdateProductError::CurrencyMismatch);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{
        SELLER, STRANGER, actor, at, decide, dollars, euros, product, refusal, third,
    };
    use crate::kit::command::{Condition, Operation, Version};

    const STOCK: Stock = Stock { available: 5, reserved: 2, sold: 1 };

    fn update(by: &str, changes: ProductChanges) -> UpdateProduct {
        UpdateProduct { id: product().id, by: actor(by), expected: Some(third().into()), changes }
    }

    fn price(price: Money) -> ProductChanges {
        ProductChanges { price: Some(price), ..ProductChanges::default() }
    }

    #[test]
    fn seller_changes_every_property() {
        let changes = ProductChanges {
            sku: Some("CUP-1".parse().unwrap()),
            title: Some("Cup".parse().unwrap()),
            description: Some(None),
            price: Some(euros(5)),
            tax_class: Some(TaxClass::Reduced),
            requires_shipping: Some(false),
            status: Some(ProductStatus::Archived),
        };
        let updated = decide(&update(SELLER, changes), (Some(product()), Some(STOCK)), at(7));
        let expected = Product {
            version: third().next(),
            sku: "CUP-1".parse().unwrap(),
            title: "Cup".parse().unwrap(),
            description: None,
            price: euros(5),
            tax_class: TaxClass::Reduced,
            requires_shipping: false,
            status: ProductStatus::Archived,
            updated_at: at(7),
            ..product()
        };
        assert_eq!((updated.stored(), &updated.output.product), (expected.clone(), &expected));
        assert_eq!(updated.output.stock, STOCK);
        assert_eq!(updated.events(), [("product.changed", expected.version)]);
        let [old, new] =
            [product().sku, expected.sku].map(|sku| SkuKey { market_id: product().market_id, sku });
        assert!(matches!(updated.write::<SkuClaim>(&old).operation, Operation::Delete));
        let claim = updated.write::<SkuClaim>(&new);
        assert_eq!(claim.condition, Condition::Absent);
        assert_eq!(claim.refusal, Some(UpdateProductError::SkuTaken { market: product().market_id }));
        assert_eq!(updated.stored::<SkuClaim>(), SkuClaim { product_id: product().id });
    }

    #[test]
    fn seller_keeps_properties_that_are_not_changed() {
        let command = UpdateProduct { expected: None, ..update(SELLER, price(euros(5))) };
        let updated = decide(&command, (Some(product()), Some(STOCK)), at(7));
        let expected = Product { version: third().next(), price: euros(5), updated_at: at(7), ..product() };
        assert_eq!(updated.stored::<Product>(), expected);
        assert_eq!(updated.writes.len(), 1, "the SKU claim is kept");
    }

    #[test]
    fn update_is_refused_without_product_ownership_or_version() {
        let found = || (Some(product()), Some(STOCK));
        let forbidden = AccessError::Forbidden("only the seller of the product can change it");
        let outdated =
            UpdateProduct { expected: Some(Version::FIRST.into()), ..update(SELLER, price(euros(5))) };
        for (command, state, error) in [
            (update(SELLER, price(euros(5))), (None, None), AccessError::not_found(product().id).into()),
            (update(STRANGER, price(euros(5))), found(), forbidden.into()),
            (outdated, found(), AccessError::VersionMismatch(product().id.into()).into()),
            (update(SELLER, price(dollars(5))), found(), UpdateProductError::CurrencyMismatch),
        ] {
            assert_eq!(refusal(&command, state, at(7)), error);
        }
    }
}
