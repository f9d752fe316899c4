//! Events that the function consumes, and the entities that they name.

use serde::Deserialize;
use shared::domain::market::MarketId;
use shared::domain::order::OrderId;
use shared::domain::product::ProductId;
use shared::domain::user::UserId;
use shared::projections::tally::count::CountEntities;

/// Event of an entity that is counted.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum AnalyticsEvent {
    /// An account was created, changed or deleted.
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
    /// An order was placed or changed.
    #[serde(
        rename = "order.created",
        alias = "order.awaiting_payment",
        alias = "order.confirmed",
        alias = "order.rejected",
        alias = "order.cancelled",
        alias = "order.expired",
        alias = "order.shipped",
        alias = "order.delivered",
        alias = "order.refund_started",
        alias = "order.refund_changed",
        alias = "order.refund_failed",
        alias = "order.partially_refunded",
        alias = "order.refunded",
        alias = "order.fulfilment_progressed"
    )]
    Order {
        /// Id of the order.
        order_id: OrderId,
        /// Market of the order.
        market_id: MarketId,
    },
}

impl AnalyticsEvent {
    /// Adds the entity named by the event.
    pub(crate) fn add_to(self, count: &mut CountEntities) {
        match self {
            Self::User { user_id } => count.user(user_id),
            Self::Market { market_id } => count.market(market_id),
            Self::Product { product_id } => count.product(product_id),
            Self::Order { order_id, market_id } => count.order(order_id, market_id),
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
        assert_parse_errors::<AnalyticsEvent>(&[
            ("user.deleted", json!({}), "user.deleted: missing field data.userId"),
            ("product.changed", json!({ "productId": 7 }), "product.changed: invalid field data.productId"),
            ("order.shipped", json!({ "orderId": "ord_1" }), "order.shipped: invalid field data.orderId"),
            ("job.requested", json!({}), "unknown event job.requested"),
        ]);
    }
}
