//! Failed attempts at the current fulfilment step of an order.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::domain::order::OrderId;
use crate::kit::command::{Adjustment, Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Failed attempts of an order, as shown to its buyer and seller. Stored separately from the order and
/// without a version, because a failed attempt does not change the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempts {
    /// Number of failed attempts since the order was placed.
    pub failed: i64,
    /// Step of the last failed attempt.
    pub step: String,
    /// User-facing description of the last failure.
    pub last_error: String,
    /// Time of the last failed attempt.
    pub failed_at: Timestamp,
    /// Time of the next attempt; `None` if there will be none.
    pub next_at: Option<Timestamp>,
}

/// Records that an attempt failed or was skipped for the time being.
#[derive(Debug, Clone)]
pub struct RecordFailedAttempt {
    /// Id of the order.
    pub order_id: OrderId,
    /// Step of the attempt.
    pub step: &'static str,
    /// User-facing description of the failure.
    pub error: &'static str,
    /// Time of the next attempt.
    pub next_at: Timestamp,
    /// True if an attempt was made. False if it was skipped, for example because the circuit breaker is open:
    /// that does not count as a failure.
    pub made: bool,
}

impl Command for RecordFailedAttempt {
    type State = ();
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), now: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        let adjustment = Adjustment::of::<Attempts>()
            .add("failed", i64::from(self.made))
            .adjust_unchecked("step", self.step)
            .adjust_unchecked("lastError", self.error)
            .adjust_unchecked("failedAt", now.to_string())
            .adjust_unchecked("nextAt", self.next_at.to_string());
        Ok(Change::of(()).adjust_unchecked::<Attempts>(&self.order_id, adjustment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::fulfilment::record_decline::RecordDeclinedPayment;
    use crate::domain::order::tests::{confirmed, placed};
    use crate::domain::tests::{Decided, at, decide};
    use crate::kit::command::{Condition, Operation};
    use std::time::Duration;

    fn adjustment<C: Command>(decided: &Decided<C>) -> Adjustment {
        let write = decided.write::<Attempts>(&placed(None).id);
        assert_eq!(write.condition, Condition::Always);
        let Operation::Adjust(adjustment) = &write.operation else { panic!("expected an adjustment") };
        adjustment.clone()
    }

    #[test]
    fn skipped_attempt_is_recorded_without_counting() {
        for (made, failed) in [(true, 1), (false, 0)] {
            let (order_id, step, error, next_at) = (placed(None).id, "charging", "no response", at(9));
            let record = RecordFailedAttempt { order_id, step, error, next_at, made };
            let expected = Adjustment::of::<Attempts>()
                .add("failed", failed)
                .adjust_unchecked("step", "charging")
                .adjust_unchecked("lastError", "no response")
                .adjust_unchecked("failedAt", at(7).to_string())
                .adjust_unchecked("nextAt", at(9).to_string());
            assert_eq!(adjustment(&decide(&record, (), at(7))), expected);
        }
    }

    #[test]
    fn decline_is_recorded_while_the_payment_is_awaited() {
        let record = RecordDeclinedPayment { order_id: placed(None).id };
        let awaiting = placed(None).reserved(Duration::from_hours(1), at(0)).unwrap();
        let declined = adjustment(&decide(&record, Some(awaiting), at(7)));
        assert_eq!(declined.counters, [("failed", 1)]);
        assert_eq!(declined.notes[0], ("step", "awaiting payment".to_owned()));
        assert_eq!(declined.notes[2], ("failedAt", at(7).to_string()));
        decide(&record, Some(confirmed().0), at(7)).assert_unchanged();
        decide(&record, None, at(7)).assert_unchanged();
    }
}
