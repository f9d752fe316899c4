//! Reconciliation of the gateway's ledger with ours: comparison of records, discrepancies, and the cursor of
//! the comparison.
//!
//! Reconciliation detects captures and refunds that webhooks and gateway responses have not reported.

pub mod compare;
pub mod cursor;
pub mod discrepancy;

use crate::domain::order::OrderId;
use crate::domain::order::payment::GatewayId;
use crate::domain::values::money::Money;
use crate::kit::system::clock::Timestamp;

/// Payment in the gateway's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRecord {
    /// Id of the payment at the gateway.
    pub gateway_id: GatewayId,
    /// Order that the payment is for, according to the gateway; `None` if it is not one of ours.
    pub order_id: Option<OrderId>,
    /// Status when the record was read.
    pub status: LedgerStatus,
    /// Time at which the record was read, or an earlier time.
    pub read_at: Timestamp,
}

/// Status of a payment in the gateway's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerStatus {
    /// The payment can still be made.
    Open,
    /// The payment was captured.
    Captured {
        /// Captured amount.
        amount: Money,
        /// Refunded amount in minor units.
        refunded: i64,
    },
    /// A payment was captured, but its amount or currency is not supported.
    Unreadable,
    /// Nothing was captured and nothing can be captured any more, or the gateway is processing the payment.
    Closed,
}
