//! How far an order has come.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::spelled;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; nothing is reserved yet.
    Pending,
    /// Its stock is reserved; it is to be paid.
    AwaitingPayment,
    /// Paid.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Impossible: no stock, or the card was declined.
    Rejected,
    /// Called off.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Paid back.
    Refunded,
}

impl OrderStatus {
    /// Whether nothing follows of itself: the order is not on its way to anything.
    #[must_use]
    pub const fn is_terminal_or_idle(self) -> bool {
        !matches!(self, Self::Pending | Self::AwaitingPayment)
    }
}

spelled! {
    OrderStatus,
    /// Text that is no status of an order.
    OrderStatusError:
    Pending = "pending",
    AwaitingPayment = "awaiting_payment",
    Confirmed = "confirmed",
    Shipped = "shipped",
    Delivered = "delivered",
    Rejected = "rejected",
    Cancelled = "cancelled",
    Expired = "expired",
    Refunded = "refunded",
}
