//! Lists in which an entity is found by the words of its name.

use crate::domain::market::Market;
use crate::domain::market::summary::MarketSummary;
use crate::domain::product::Product;
use crate::domain::product::summary::ProductSummary;
use crate::domain::user::{User, UserSummary};
use crate::projections::name_index::{HasName, NameTerms};
use crate::repository::table_layout::partitions;

impl HasName for Market {
    type Summary = MarketSummary;

    fn name_terms(&self) -> NameTerms<MarketSummary> {
        NameTerms::new(partitions::markets(self.status), &self.name, self.into())
    }
}

impl HasName for Product {
    type Summary = ProductSummary;

    fn name_terms(&self) -> NameTerms<ProductSummary> {
        NameTerms::new(partitions::products_in(self.market_id, self.status), &self.title, self.into())
    }
}

impl HasName for User {
    type Summary = UserSummary;

    fn name_terms(&self) -> NameTerms<UserSummary> {
        NameTerms::new(partitions::accounts(self.role, self.status), &self.name, self.into())
    }
}
