//! Events that the function consumes, and the document that each names.

use serde::Deserialize;
use shared::domain::market::MarketEvent;
use shared::domain::product::ProductEvent;
use shared::projections::search_index::DocumentId;

/// Event of an entity that can be searched.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum SearchEvent {
    /// A market was created, changed or deleted.
    Market(MarketEvent),
    /// A product was created, changed or deleted.
    Product(ProductEvent),
}

impl SearchEvent {
    /// Returns the document named by the event; its payload is ignored.
    pub(crate) const fn document(&self) -> DocumentId {
        match self {
            Self::Market(event) => DocumentId::Market(event.market_id()),
            Self::Product(event) => DocumentId::Product(event.product_id()),
        }
    }
}
