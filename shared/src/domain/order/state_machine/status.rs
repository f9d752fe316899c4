//! Order status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::values::string_enum::string_enum;

/// Status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; the stock is not reserved yet.
    Pending,
    /// The stock is reserved and the payment is outstanding.
    AwaitingPayment,
    /// Paid.
    Confirmed,
    /// Shipped by the seller.
    Shipped,
    /// Delivered.
    Delivered,
    /// Not fulfilled: out of stock, or the payment failed.
    Rejected,
    /// Cancelled by the buyer or the seller.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Fully refunded.
    Refunded,
}

impl OrderStatus {
    /// Returns true if the status is terminal or only changes on a further action of the buyer or the seller.
    #[must_use]
    pub const fn is_terminal_or_idle(self) -> bool {
        !matches!(self, Self::Pending | Self::AwaitingPayment)
    }
}

string_enum! {
    OrderStatus,
    /// The text is not an order status.
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
