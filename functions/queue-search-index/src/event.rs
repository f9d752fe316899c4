//! Events that the function consumes.

use serde::Deserialize;
use shared::domain::market::MarketId;
use shared::domain::product::ProductId;
use shared::domain::user::UserId;

/// Event of an entity that can be found by words.
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
    /// An account was registered, changed or deleted.
    #[serde(
        rename = "user.registered",
        alias = "user.invited",
        alias = "user.changed",
        alias = "user.email_change_requested",
        alias = "user.email_changed",
        alias = "user.deleted"
    )]
    User {
        /// Id of the account.
        user_id: UserId,
    },
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
