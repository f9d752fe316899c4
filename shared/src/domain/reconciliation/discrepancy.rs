//! Where the gateway's books and ours contradict each other: kept until they do not any more, for people to put right.

mod close;
mod record;
mod status;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::{MismatchKind, given_back, known};
use super::{GatewayRecord, LedgerStatus};
use crate::domain::order::{Order, OrderId};
use crate::domain::payment::{GatewayId, Payment};
use crate::domain::values::money::{Amount, Money};
use crate::kit::command::Version;
use crate::kit::system::clock::Timestamp;

pub use close::{CloseDiscrepancy, CloseDiscrepancyError};
pub use record::RecordDiscrepancy;
pub use status::{DiscrepancyStatus, DiscrepancyStatusError};

/// How long a discrepancy is kept after the books agree again.
const RETENTION: Duration = Duration::from_hours(90 * 24);

/// That a payment stands differently in the gateway's books and in ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discrepancy {
    /// The gateway's own id of the payment.
    pub id: GatewayId,
    /// Counts its changes.
    pub version: Version,
    /// What it is for, as far as the gateway says.
    pub order_id: Option<OrderId>,
    /// What the contradiction is.
    pub difference: MismatchKind,
    /// What the gateway says.
    pub at_gateway: Totals,
    /// What is on record here.
    pub on_record: Totals,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// When it was last looked at, and was so still.
    pub last_seen_at: Timestamp,
    /// When the books were found to agree again.
    pub closed_at: Option<Timestamp>,
}

/// What was captured and what of it went back, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// What was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured: Option<Money>,
    /// What of it went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
}

impl Discrepancy {
    /// A difference between an entry and what was on record when it was looked at.
    #[must_use]
    pub fn seen(
        (entry, order, payment): (&GatewayRecord, Option<&Order>, Option<&Payment>),
        difference: MismatchKind,
        now: Timestamp,
    ) -> Self {
        Self {
            id: entry.gateway_id.clone(),
            version: Version::FIRST,
            order_id: entry.order_id,
            difference,
            at_gateway: Totals::at_gateway(entry.standing),
            on_record: Totals::on_record(entry, order, payment),
            first_seen_at: now,
            last_seen_at: now,
            closed_at: None,
        }
    }

    /// Whether it waits for somebody.
    #[must_use]
    pub const fn status(&self) -> DiscrepancyStatus {
        if self.closed_at.is_some() { DiscrepancyStatus::Closed } else { DiscrepancyStatus::Open }
    }

    /// When nobody needs to remember it any more.
    #[must_use]
    pub fn forgotten_at(&self) -> Option<Timestamp> {
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

    fn on_record(entry: &GatewayRecord, order: Option<&Order>, payment: Option<&Payment>) -> Self {
        let known = order.and_then(|order| Some((known(entry, order, payment)?, given_back(entry, order))));
        known.map_or_else(Self::default, |(captured, refunded)| Self::of(captured, refunded))
    }

    fn of(captured: Money, refunded: i64) -> Self {
        let refunded = Amount::try_from(refunded).ok();
        let refunded = refunded.map(|refunded| Money::new(refunded, captured.currency()));
        Self { captured: Some(captured), refunded }
    }
}
