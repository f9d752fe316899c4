//! Comparing the gateway's books with ours: what the gateway says of its payments, what that means for their orders, and how
//! far the comparing has come.
//!
//! Everything here is a second way to learn what webhooks and answers say. Nothing depends on it as long as those arrive.

pub mod compare;
pub mod cursor;
pub mod discrepancy;

use super::order::OrderId;
use super::payment::GatewayId;
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// One payment in the gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRecord {
    /// The gateway's own id of it.
    pub gateway_id: GatewayId,
    /// What it says it is for; it may be none of ours.
    pub order_id: Option<OrderId>,
    /// How it stood then.
    pub standing: LedgerStatus,
    /// When it was read, or before.
    pub read_at: Timestamp,
}

/// How a payment stands at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerStatus {
    /// Somebody can still pay it.
    Open,
    /// The money was captured, and so many minor units of it went back.
    Captured {
        /// How much was captured.
        amount: Money,
        /// How much of it went back.
        refunded: i64,
    },
    /// Money was captured, of no amount or currency that we can hold.
    Unreadable,
    /// Nothing was captured, and nothing can be any more; or the gateway is at it.
    Closed,
}
