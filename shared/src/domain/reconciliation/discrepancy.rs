//! Discrepancies: payments on which the gateway's ledger and ours disagree, recorded for operators until the
//! ledgers agree again.

mod close;
mod record;
mod status;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::{MismatchKind, recorded_capture, recorded_refunds};
use super::{GatewayRecord, LedgerStatus};
use crate::domain::order::payment::{GatewayId, Payment};
use crate::domain::order::{Order, OrderId};
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

pub use close::{CloseDiscrepancy, CloseDiscrepancyError};
pub use record::RecordDiscrepancy;
pub use status::DiscrepancyStatus;

/// Retention of a discrepancy after it was closed.
const RETENTION: Duration = Duration::from_hours(90 * 24);

/// Payment on which the gateway's ledger and ours disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discrepancy {
    /// Id of the payment at the gateway.
    pub id: GatewayId,
    /// Version for optimistic locking.
    pub version: Version,
    /// Order that the payment is for, according to the gateway.
    pub order_id: Option<OrderId>,
    /// Kind of the mismatch.
    pub difference: MismatchKind,
    /// Totals according to the gateway.
    pub at_gateway: Totals,
    /// Totals according to our records.
    pub on_record: Totals,
    /// Time at which the discrepancy was first found.
    pub first_seen_at: Timestamp,
    /// Time at which the discrepancy was last confirmed.
    pub last_seen_at: Timestamp,
    /// Time at which the ledgers were found to agree again.
    pub closed_at: Option<Timestamp>,
}

/// Captured and refunded amounts, as far as known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Captured amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured: Option<Money>,
    /// Refunded amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
}

impl Discrepancy {
    /// Creates an open discrepancy from a gateway record and our records.
    #[must_use]
    pub fn new(
        record: &GatewayRecord,
        order: Option<&Order>,
        payment: Option<&Payment>,
        difference: MismatchKind,
        now: Timestamp,
    ) -> Self {
        Self {
            id: record.gateway_id.clone(),
            version: Version::FIRST,
            order_id: record.order_id,
            difference,
            at_gateway: Totals::at_gateway(record.status),
            on_record: Totals::on_record(record, order, payment),
            first_seen_at: now,
            last_seen_at: now,
            closed_at: None,
        }
    }

    /// Status of the discrepancy.
    #[must_use]
    pub const fn status(&self) -> DiscrepancyStatus {
        if self.closed_at.is_some() { DiscrepancyStatus::Closed } else { DiscrepancyStatus::Open }
    }

    /// Time at which a closed discrepancy expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.closed_at.map(|closed_at| closed_at.saturating_add(RETENTION))
    }
}

impl Totals {
    fn at_gateway(standing: LedgerStatus) -> Self {
        match standing {
            LedgerStatus::Captured { amount, refunded } => Self::of(amount, refunded),
            LedgerStatus::Open | LedgerStatus::Unreadable | LedgerStatus::Closed => Self::default(),
        }
    }

    fn on_record(record: &GatewayRecord, order: Option<&Order>, payment: Option<&Payment>) -> Self {
        let recorded = order.and_then(|order| {
            Some((recorded_capture(record, order, payment)?, recorded_refunds(record, order)))
        });
        recorded.map_or_else(Self::default, |(captured, refunded)| Self::of(captured, refunded))
    }

    fn of(captured: Money, refunded: i64) -> Self {
        let refunded = Amount::try_from(refunded).ok();
        let refunded = refunded.map(|refunded| Money::new(refunded, captured.currency()));
        Self { captured: Some(captured), refunded }
    }
}
