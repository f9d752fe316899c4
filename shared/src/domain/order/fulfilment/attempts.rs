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
