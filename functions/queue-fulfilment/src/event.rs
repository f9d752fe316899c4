//! Events that the function consumes.

use serde::Deserialize;
use shared::domain::market::MarketId;
use shared::domain::order::OrderId;
use shared::domain::user::UserId;

/// Event of an order to fulfil, or of an account that may no longer sell.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum FulfilmentEvent {
    /// An order was placed, cancelled or resumed, its payment is overdue, or a refund of it is pending.
    #[serde(
        rename = "order.created",
        alias = "order.cancelled",
        alias = "order.refund_started",
        alias = "order.payment_overdue",
        alias = "order.resumed"
    )]
    Order {
        /// Id of the order.
        order_id: OrderId,
        /// Market of the order.
        market_id: MarketId,
    },
    /// A refund of an order failed.
    #[serde(rename = "order.refund_failed")]
    RefundFailed {
        /// Id of the order.
        order_id: OrderId,
        /// Market of the order.
        market_id: MarketId,
    },
    /// An account was changed or deleted.
    #[serde(rename = "user.changed", alias = "user.email_change_requested", alias = "user.deleted")]
    Account {
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
        assert_parse_errors::<FulfilmentEvent>(&[
            ("order.created", json!({}), "order.created: missing field data.orderId"),
            ("user.deleted", json!({ "userId": 7 }), "user.deleted: invalid field data.userId"),
            ("order.shipped", json!({}), "unknown event order.shipped"),
        ]);
    }
}
