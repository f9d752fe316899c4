//! Creating a product.

use serde::{Deserialize, Serialize};

use super::{Product, ProductEvent, ProductId, ProductStatus, SkuClaim, SkuKey, Stock};
use crate::domain::access::{AccessError, forbid_unless};
use crate::domain::market::settings::tax::TaxClass;
use crate::domain::market::{Market, MarketId, MarketStatus};
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Money;
use crate::domain::values::text::{Description, Sku, Title};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Maximum number of units in an initial stock or a stock adjustment.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// Product to be created, as described by its seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// Id of the new product.
    pub id: ProductId,
    /// SKU assigned by the seller.
    pub sku: Sku,
    /// Title.
    pub title: Title,
    /// Description.
    pub description: Option<Description>,
    /// Price per unit.
    pub price: Money,
    /// Tax class.
    pub tax_class: TaxClass,
    /// True if the product is shipped; false if it is digital or a service.
    pub requires_shipping: bool,
    /// Number of available units, from 0 to [`MAX_UNITS`].
    pub stock: i64,
}

/// Product with its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockedProduct {
    /// The product.
    pub product: Product,
    /// Stock of the product.
    pub stock: Stock,
}

impl NewProduct {
    /// Adds the creation of the product in `market` to `change`: the product, its stock and its SKU claim.
    pub(crate) fn create_in<T, E: Clone>(
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
            tax_class: self.tax_class,
            requires_shipping: self.requires_shipping,
            status: ProductStatus::Active,
            created_at: now,
            updated_at: now,
        };
        let stock = Stock { available: self.stock, ..Stock::default() };
        let sku = SkuKey { market_id: market.id, sku: self.sku.clone() };
        let change = change
            .save(&product, ProductEvent::Changed { product_id: product.id, market_id: market.id })
            .overwrite(&product.id, &stock)
            .claim(&sku, &SkuClaim { product_id: product.id }, sku_taken);
        (change, StockedProduct { product, stock })
    }
}

/// Creates a product in a market.
#[derive(Debug, Clone)]
pub struct CreateProduct {
    /// Id of the market.
    pub market_id: MarketId,
    /// Actor that creates the product.
    pub by: Actor,
    /// Product to create.
    pub product: NewProduct,
}

/// Reason why a product cannot be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateProductError {
    /// The actor has no access to the market.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The market is closed or suspended.
    #[error("market {0} is closed or suspended")]
    MarketClosed(MarketId),
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

impl Command for CreateProduct {
    type State = Option<Market>;
    type Output = StockedProduct;
    type Error = CreateProductError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.market_id)
    }

    /// # Errors
    /// [`CreateProductError`]. `SkuTaken` results from the claim on the SKU and is exact under concurrency.
    fn decide(
        &self,
        market: Self::State,
        now: Timestamp,
    ) -> Result<Change<StockedProduct, CreateProductError>, CreateProductError> {
        let market = market.filter(|market| market.is_visible_to(Some(&self.by)));
        let market = market.ok_or(AccessError::not_found(self.market_id))?;
        let owned = market.is_owned_by(&self.by);
        forbid_unless(owned, "only the creator of the market can create products in it")?;
        if !matches!(market.status, MarketStatus::Draft | MarketStatus::Active) {
            return Err(CreateProductError::MarketClosed(market.id));
        }
        if self.product.price.currency() != market.currency {
            return Err(CreateProductError::CurrencyMismatch);
        }
        let taken = CreateProductError::SkuTaken { market: market.id };
        let (change, created) = self.product.create_in(&market, now, Change::of(()), taken);
        Ok(change.with_output(created))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, STRANGER, actor, at, decide, dollars, market, product, refusal};

    fn create(by: &str) -> CreateProduct {
        let Product { id, sku, title, description, price, tax_class, requires_shipping, .. } = product();
        let product =
            NewProduct { id, sku, title, description, price, tax_class, requires_shipping, stock: 7 };
        CreateProduct { market_id: market().id, by: actor(by), product }
    }

    fn with_status(status: MarketStatus) -> Market {
        Market { status, ..market() }
    }

    #[test]
    fn product_is_created_with_stock_and_sku_claim() {
        for status in [MarketStatus::Draft, MarketStatus::Active] {
            let created = decide(&create(SELLER), Some(with_status(status)), at(0));
            let expected = Product { version: Version::FIRST, ..product() };
            let stock = Stock { available: 7, reserved: 0, sold: 0 };
            assert_eq!((created.stored(), &created.output.product), (expected.clone(), &expected));
            assert_eq!((created.stored(), created.output.stock), (stock, stock));
            assert_eq!(created.events(), [("product.changed", Version::FIRST)]);
            assert_eq!(created.stored::<SkuClaim>(), SkuClaim { product_id: product().id });
            let sku = SkuKey { market_id: market().id, sku: product().sku };
            assert_eq!(
                created.write::<SkuClaim>(&sku).refusal,
                Some(CreateProductError::SkuTaken { market: market().id })
            );
        }
    }

    #[test]
    fn products_are_created_only_in_own_open_markets() {
        let refused = |by, market| refusal(&create(by), market, at(0));
        assert_eq!(refused(SELLER, None), AccessError::not_found(market().id).into());
        assert_eq!(
            refused(STRANGER, Some(with_status(MarketStatus::Draft))),
            AccessError::not_found(market().id).into()
        );
        let forbidden = AccessError::Forbidden("only the creator of the market can create products in it");
        assert_eq!(refused(STRANGER, Some(market())), forbidden.into());
        for status in [MarketStatus::Suspended, MarketStatus::Closed] {
            assert_eq!(
                refused(SELLER, Some(with_status(status))),
                CreateProductError::MarketClosed(market().id)
            );
        }
    }

    #[test]
    fn price_is_in_the_currency_of_the_market() {
        let mut command = create(SELLER);
        command.product.price = dollars(1);
        assert_eq!(refusal(&command, Some(market()), at(0)), CreateProductError::CurrencyMismatch);
    }
}
