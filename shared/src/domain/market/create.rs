//! Opening a market, with its first products.

use super::{Market, MarketEvent, MarketId, MarketStatus};
use crate::domain::product::create::NewProduct;
use crate::domain::values::actor::Actor;
use crate::domain::values::money::Currency;
use crate::domain::values::text::{Description, Name, Sku};
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// How many products a market can be opened with: with their stock, SKUs and events they fit one transaction.
pub const MAX_INITIAL_PRODUCTS: usize = 20;

/// Opens a market and puts its first products into it: all of it or nothing.
#[derive(Debug, Clone)]
pub struct CreateMarket {
    /// The id it is to have.
    pub id: MarketId,
    /// Who opens it.
    pub by: Actor,
    /// What it is called.
    pub name: Name,
    /// What it says of itself.
    pub description: Option<Description>,
    /// What its prices are in.
    pub currency: Currency,
    /// Whether it sells at once.
    pub status: InitialStatus,
    /// Its first products.
    pub products: Vec<NewProduct>,
}

/// How a market may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InitialStatus {
    /// Not yet selling.
    Draft,
    /// Selling.
    #[default]
    Active,
}

/// Why a market cannot be opened as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateMarketError {
    /// Two of its products have one SKU.
    #[error("products must have different SKUs")]
    DuplicateSku {
        /// Position of the second of them.
        index: usize,
    },
    /// A product's price is in another currency.
    #[error("must be in the market's currency")]
    CurrencyMismatch {
        /// Position of the product.
        index: usize,
    },
    /// A SKU of the market is taken; for a new market this cannot be.
    #[error("the SKU is taken")]
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
    /// [`CreateMarketError`], naming the product that does not fit.
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
        let opened = Change::of(market.clone()).save(&market, MarketEvent::Created { market_id: market.id });
        Ok(self.products.iter().fold(opened, |change, product| {
            product.put_into(&market, now, change, CreateMarketError::SkuTaken(product.sku.clone())).0
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
