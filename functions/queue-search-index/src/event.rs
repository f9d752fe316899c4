//! Events that the function consumes, and the document that each names.

use serde::Deserialize;
use shared::domain::market::MarketId;
use shared::domain::product::ProductId;
use shared::projections::search_index::DocumentId;

/// Event of an entity that can be searched.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum SearchEvent {
    /// A market was created, changed or deleted.
    #[serde(rename = "market.created", alias = "market.changed", alias = "market.deleted")]
    Market {
        /// Id of the market.
        market_id: MarketId,
    },
    /// A product was created, changed or deleted.
    #[serde(rename = "product.changed", alias = "product.deleted")]
    Product {
        /// Id of the product.
        product_id: ProductId,
    },
}

impl SearchEvent {
    /// Returns the document named by the event.
    pub(crate) const fn document(self) -> DocumentId {
        match self {
            Self::Market { market_id } => DocumentId::Market(market_id),
            Self::Product { product_id } => DocumentId::Product(product_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use test_support::lambda_event::assert_parse_errors;

    use super::*;

    #[test]
    fn malformed_event_is_reported_with_its_field() {
        assert_parse_errors::<SearchEvent>(&[
            ("market.changed", json!({}), "market.changed: missing field data.marketId"),
            ("product.deleted", json!({ "productId": 7 }), "product.deleted: invalid field data.productId"),
            ("order.created", json!({}), "unknown event order.created"),
        ]);
    }
}
