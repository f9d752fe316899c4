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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Party;
    use crate::domain::order::payment::refund::RefundStatus;
    use crate::domain::order::tests::confirmed;
    use crate::domain::tests::{at, decide, euros, refusal, third};

    fn record(status: LedgerStatus, order: &Order) -> GatewayRecord {
        let gateway_id = GatewayId("pi_1".to_owned());
        GatewayRecord { gateway_id, order_id: Some(order.id), status, read_at: at(0) }
    }

    fn totals(captured: i64, refunded: i64) -> Totals {
        Totals { captured: Some(euros(captured)), refunded: Some(euros(refunded)) }
    }

    fn found(status: LedgerStatus, now: Timestamp) -> Discrepancy {
        let (order, payment) = confirmed();
        let mut order = order.with_refund_due(&payment.gateway_id, euros(5), Party::Seller, "cracked", at(0));
        order.refunds[0].status = RefundStatus::Succeeded;
        Discrepancy::new(&record(status, &order), Some(&order), Some(&payment), MismatchKind::Refunded, now)
    }

    #[test]
    fn discrepancy_has_the_totals_of_both_ledgers() {
        let status = LedgerStatus::Captured { amount: euros(3_998), refunded: 7 };
        let discrepancy = found(status, at(3));
        let expected = Discrepancy {
            id: GatewayId("pi_1".to_owned()),
            version: Version::FIRST,
            order_id: Some(confirmed().0.id),
            difference: MismatchKind::Refunded,
            at_gateway: totals(3_998, 7),
            on_record: totals(3_998, 5),
            first_seen_at: at(3),
            last_seen_at: at(3),
            closed_at: None,
        };
        assert_eq!(discrepancy, expected);
        for status in [LedgerStatus::Open, LedgerStatus::Unreadable, LedgerStatus::Closed] {
            assert_eq!(found(status, at(3)).at_gateway, Totals::default());
        }
        let (order, _) = confirmed();
        let without_order =
            Discrepancy::new(&record(status, &order), None, None, MismatchKind::NoOrder, at(3));
        assert_eq!(without_order.on_record, Totals::default());
    }

    #[test]
    fn discrepancy_is_recorded_again_and_closed() {
        let status = LedgerStatus::Captured { amount: euros(3_998), refunded: 7 };
        let first = decide(&RecordDiscrepancy(found(status, at(3))), None, at(3)).stored::<Discrepancy>();
        assert_eq!(first, found(status, at(3)));
        let stored = Discrepancy { version: third(), closed_at: Some(at(4)), ..first };
        let again = decide(&RecordDiscrepancy(found(status, at(9))), Some(stored.clone()), at(9))
            .stored::<Discrepancy>();
        let expected = Discrepancy { version: third().next(), first_seen_at: at(3), ..found(status, at(9)) };
        assert_eq!(again, expected);
        assert_eq!((again.status(), again.expires_at()), (DiscrepancyStatus::Open, None));

        let close = CloseDiscrepancy { id: again.id.clone(), expected: again.version };
        let closed = decide(&close, Some(again.clone()), at(10)).stored::<Discrepancy>();
        let version = again.version.next();
        assert_eq!(closed, Discrepancy { version, closed_at: Some(at(10)), ..again });
        assert_eq!(closed.status(), DiscrepancyStatus::Closed);
        assert_eq!(closed.expires_at(), Some(at(10 + 90 * 24 * 60 * 60 * 1_000)));
        for state in [None, Some(stored)] {
            assert_eq!(refusal(&close, state, at(11)), CloseDiscrepancyError);
        }
    }
}
