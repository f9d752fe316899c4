//! Events that the function consumes, and the entities that they name.

use serde::Deserialize;
use shared::domain::market::MarketEvent;
use shared::domain::order::OrderEvent;
use shared::domain::product::ProductEvent;
use shared::domain::user::UserEvent;
use shared::projections::tally::count::CountEntities;

/// Event of an entity that is counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum AnalyticsEvent {
    /// An account was created, changed or deleted.
    User(UserEvent),
    /// A market was created, changed or deleted.
    Market(MarketEvent),
    /// A product was created, changed or deleted.
    Product(ProductEvent),
    /// An order was placed or changed.
    Order(OrderEvent),
}

impl AnalyticsEvent {
    /// Adds the entity named by the event; its payload is ignored.
    pub(crate) fn add_to(&self, count: &mut CountEntities) {
        match self {
            Self::User(event) => count.user(event.user_id()),
            Self::Market(event) => count.market(event.market_id()),
            Self::Product(event) => count.product(event.product_id()),
            Self::Order(event) => {
                let facts = event.data();
                count.order(facts.order_id, facts.market_id);
            }
        }
    }
}
