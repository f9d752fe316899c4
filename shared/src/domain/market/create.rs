//! Creating a market with its first products.

use super::status_copy::write_status_copies;
use super::{Market, MarketEvent, MarketId, MarketStatus};
use crate::domain::product::create::NewProduct;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Currency;
use crate::domain::values::text::{Description, Name, Sku};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Maximum number of products with which a market can be created. The market, the copies of its status, and its
/// products with their stock, SKU claims and events fit one transaction.
pub const MAX_INITIAL_PRODUCTS: usize = 20;

/// Creates a market and its first products in one transaction.
#[derive(Debug, Clone)]
pub struct CreateMarket {
    /// Id of the new market.
    pub id: MarketId,
    /// Actor that creates the market.
    pub by: Actor,
    /// Name.
    pub name: Name,
    /// Description.
    pub description: Option<Description>,
    /// Currency of all prices in the market.
    pub currency: Currency,
    /// Initial status.
    pub status: InitialStatus,
    /// First products.
    pub products: Vec<NewProduct>,
}

/// Initial status of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InitialStatus {
    /// In preparation.
    Draft,
    /// Open for orders.
    #[default]
    Active,
}

/// Reason why a market cannot be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateMarketError {
    /// Two products have the same SKU.
    #[error("products must have different SKUs")]
    DuplicateSku {
        /// Position of the second of these products.
        index: usize,
    },
    /// The price of a product is in another currency.
    #[error("must be in the currency of the market")]
    CurrencyMismatch {
        /// Position of the product.
        index: usize,
    },
    /// A product of the market already uses the SKU; impossible for a new market.
    #[error("the SKU is already used in the market")]
    SkuTaken(Sku),
}

impl Command for CreateMarket {
    type State = ();
    type Output = Market;
    type Error = CreateMarketError;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    /// # Errors
    /// [`CreateMarketError`], with the position of the invalid product.
    fn decide(&self, (): (), now: Timestamp) -> Result<Change<Market, CreateMarketError>, CreateMarketError> {
        self.check_products()?;
        let status = match self.status {
            InitialStatus::Draft => MarketStatus::Draft,
            InitialStatus::Active => MarketStatus::Active,
        };
        let market = Market {
            id: self.id,
            version: Version::FIRST,
            name: self.name.clone(),
            description: self.description.clone(),
            status,
            currency: self.currency,
            creator_id: self.by.user,
            created_at: now,
            updated_at: now,
        };
        let created = Change::of(market.clone()).save(&market, MarketEvent::Created { market_id: market.id });
        let created = write_status_copies(created, &market);
        Ok(self.products.iter().fold(created, |change, product| {
            product.create_in(&market, now, change, CreateMarketError::SkuTaken(product.sku.clone())).0
        }))
    }
}

impl CreateMarket {
    fn check_products(&self) -> Result<(), CreateMarketError> {
        for (index, product) in self.products.iter().enumerate() {
            if product.price.currency() != self.currency {
                return Err(CreateMarketError::CurrencyMismatch { index });
            }
            if self.products[..index].iter().any(|earlier| earlier.sku == product.sku) {
                return Err(CreateMarketError::DuplicateSku { index });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::product::{Product, SkuClaim, SkuKey, Stock};
    use crate::domain::tests::{SELLER, actor, at, decide, dollars, euros, market, product, refusal};
    use crate::kit::command::Condition;

    fn new_product(sku: &str) -> NewProduct {
        NewProduct {
            id: product().id,
            sku: sku.parse().unwrap(),
            title: product().title,
            description: product().description,
            price: product().price,
            tax_class: product().tax_class,
            requires_shipping: true,
            stock: 7,
        }
    }

    fn create(products: Vec<NewProduct>) -> CreateMarket {
        let Market { id, name, description, currency, .. } = market();
        let status = InitialStatus::Active;
        CreateMarket { id, by: actor(SELLER), name, description, currency, status, products }
    }

    #[test]
    fn market_is_created_with_its_products() {
        let created = decide(&create(vec![new_product("MUG-1")]), (), at(0));
        let expected = Market { version: Version::FIRST, ..market() };
        assert_eq!((created.stored(), &created.output), (expected.clone(), &expected));
        assert_eq!(created.stored::<Product>(), Product { version: Version::FIRST, ..product() });
        assert_eq!(created.stored::<Stock>(), Stock { available: 7, reserved: 0, sold: 0 });
        let sku = SkuKey { market_id: market().id, sku: product().sku };
        let claim = created.write::<SkuClaim>(&sku);
        assert_eq!(claim.condition, Condition::Absent);
        assert_eq!(claim.refusal, Some(CreateMarketError::SkuTaken(product().sku)));
        let first = Version::FIRST;
        assert_eq!(created.events(), [("market.created", first), ("product.changed", first)]);
    }

    #[test]
    fn market_is_created_as_a_draft() {
        let draft = CreateMarket { status: InitialStatus::Draft, ..create(Vec::new()) };
        let expected = Market { version: Version::FIRST, status: MarketStatus::Draft, ..market() };
        assert_eq!(decide(&draft, (), at(0)).stored::<Market>(), expected);
    }

    #[test]
    fn products_have_different_skus_and_one_currency() {
        let refused = |prices: [_; 3], skus: [&str; 3]| {
            let products =
                skus.iter().zip(prices).map(|(sku, price)| NewProduct { price, ..new_product(sku) });
            refusal(&create(products.collect()), (), at(0))
        };
        let prices = [euros(1), euros(2), euros(3)];
        assert_eq!(refused(prices, ["A", "B", "A"]), CreateMarketError::DuplicateSku { index: 2 });
        let prices = [euros(1), dollars(2), euros(3)];
        assert_eq!(refused(prices, ["A", "B", "C"]), CreateMarketError::CurrencyMismatch { index: 1 });
    }
}
