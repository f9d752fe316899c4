//! Noting that books agree again.

use super::Discrepancy;
use crate::domain::payment::GatewayId;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Closes a discrepancy, if nobody has noted it anew since it was looked at.
#[derive(Debug, Clone)]
pub struct CloseDiscrepancy {
    /// Which.
    pub id: GatewayId,
    /// As it was when it was looked at.
    pub expected: Version,
}

/// Why a discrepancy is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("somebody else has looked at it")]
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
        known: Self::State,
        now: Timestamp,
    ) -> Result<Change<(), CloseDiscrepancyError>, CloseDiscrepancyError> {
        let known = known.filter(|known| known.version == self.expected).ok_or(CloseDiscrepancyError)?;
        let closed = Discrepancy { version: known.version.next(), closed_at: Some(now), ..known };
        Ok(Change::of(()).save(&closed, NoEvents))
    }
}
