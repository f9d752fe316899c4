//! Closing a discrepancy.

use super::Discrepancy;
use crate::domain::order::payment::GatewayId;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Closes a discrepancy, unless it was recorded again since it was read.
#[derive(Debug, Clone)]
pub struct CloseDiscrepancy {
    /// Id of the payment at the gateway.
    pub id: GatewayId,
    /// Version at which the discrepancy was read.
    pub expected: Version,
}

/// The discrepancy does not exist or has changed since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the discrepancy was changed meanwhile")]
pub struct CloseDiscrepancyError;

impl Command for CloseDiscrepancy {
    type State = Option<Discrepancy>;
    type Output = ();
    type Error = CloseDiscrepancyError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`CloseDiscrepancyError`].
    fn decide(
        &self,
        stored: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), CloseDiscrepancyError>, CloseDiscrepancyError> {
        let stored = stored.filter(|stored| stored.version == self.expected).ok_or(CloseDiscrepancyError)?;
        let closed = Discrepancy { version: stored.version.next(), closed_at: Some(now), ..stored };
        Ok(Change::of(()).save(&closed, NoEvents))
    }
}
