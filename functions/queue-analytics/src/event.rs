//! What is heard, and of which entities it speaks.

use serde::Deserialize;
use shared::domain::market::MarketEvent;
use shared::domain::order::OrderEvent;
use shared::domain::product::ProductEvent;
use shared::domain::user::UserEvent;
use shared::projections::tally::count::CountEntities;

/// An event of something that is counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Heard {
    /// An account is new, or is not what it was.
    User(UserEvent),
    /// A market is.
    Market(MarketEvent),
    /// A product is.
    Product(ProductEvent),
    /// An order is.
    Order(OrderEvent),
}

impl Heard {
    /// Adds the entity that this speaks of to those that are counted. What it says of the entity does not matter.
    pub(crate) fn add_to(&self, count: &mut CountEntities) {
        match self {
            Self::User(event) => count.user(event.user_id()),
            Self::Market(event) => count.market(event.market_id()),
            Self::Product(event) => count.product(event.product_id()),
            Self::Order(event) => {
                let facts = event.facts();
                count.order(facts.order_id, facts.market_id);
            }
        }
    }
}
