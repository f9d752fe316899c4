//! Our records of an entry in the gateway's ledger.

use shared::domain::ledger::reconciliation::GatewayRecord;
use shared::domain::ledger::reconciliation::compare::{Finding, MismatchKind, compare, compare_damaged};
use shared::domain::ledger::reconciliation::discrepancy::Discrepancy;
use shared::domain::order::Order;
use shared::domain::order::payment::Payment;
use shared::kit::command::read_set::{Parsed, parsed_or_reported};
use shared::kit::system::clock::Timestamp;

/// Order and payment of a ledger entry.
#[derive(Debug, Clone, Default)]
pub(super) struct OnRecord {
    order: Option<Order>,
    payment: Option<Payment>,
    /// True if one of the two items exists but cannot be parsed.
    damaged: bool,
}

impl OnRecord {
    /// Order and payment as loaded. An item that cannot be parsed is reported.
    pub(super) fn of((order, payment): (Option<Parsed<Order>>, Option<Parsed<Payment>>)) -> Self {
        let damaged = matches!(order, Some(Err(_))) || matches!(payment, Some(Err(_)));
        let (order, payment) = (order.and_then(parsed_or_reported), payment.and_then(parsed_or_reported));
        Self { order, payment, damaged }
    }

    /// Compares a ledger entry with the records.
    pub(super) fn compare(&self, entry: &GatewayRecord) -> Finding {
        if self.damaged {
            compare_damaged(entry)
        } else {
            compare(entry, self.order.as_ref(), self.payment.as_ref())
        }
    }

    /// A discrepancy between a ledger entry and the records.
    pub(super) fn discrepancy(
        &self,
        entry: &GatewayRecord,
        difference: MismatchKind,
        now: Timestamp,
    ) -> Discrepancy {
        Discrepancy::new(entry, self.order.as_ref(), self.payment.as_ref(), difference, now)
    }
}
