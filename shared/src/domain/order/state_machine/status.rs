//! Order status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::domain::values::unknown_value::UnknownValue;

/// Status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[derive(Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Self>)]
pub enum OrderStatus {
    /// Placed; the stock is not reserved yet.
    Pending,
    /// The stock is reserved and the payment is outstanding.
    AwaitingPayment,
    /// Paid, or reserved without a payment if the total is 0.
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
    /// Returns true if the seller has no obligation left, apart from refunds.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::AwaitingPayment | Self::Confirmed | Self::Shipped => false,
            Self::Delivered | Self::Rejected | Self::Cancelled | Self::Expired | Self::Refunded => true,
        }
    }
}
