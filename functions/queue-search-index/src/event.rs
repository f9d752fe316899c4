//! What is heard, and of which document it speaks.

use serde::Deserialize;
use shared::domain::market::MarketEvent;
use shared::domain::product::ProductEvent;
use shared::projections::search_index::DocumentId;

/// An event of something that can be found.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Heard {
    /// A market is new, or is not what it was.
    Market(MarketEvent),
    /// A product is.
    Product(ProductEvent),
}

impl Heard {
    /// The document that this speaks of. What it says of it does not matter.
    pub(crate) const fn document(&self) -> DocumentId {
        match self {
            Self::Market(event) => DocumentId::Market(event.market_id()),
            Self::Product(event) => DocumentId::Product(event.product_id()),
        }
    }
}
