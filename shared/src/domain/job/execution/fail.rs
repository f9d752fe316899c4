//! A job that cannot be done, or must not be.

use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobStatus};
use crate::domain::market::Market;
use crate::domain::user::{User, UserStatus};
use crate::domain::values::actor::Permission;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Why a report is not made, whoever tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefusal {
    /// The market is gone.
    #[error("the market is gone")]
    MarketGone,
    /// What was allowed when the report was asked for may not be any more by the time it is made.
    #[error("who asked for the report may not read the market's orders any more")]
    NotAllowed,
}

impl ReportRefusal {
    /// Why a report of `market` is not made for `owner`, as both are now.
    ///
    /// # Errors
    /// The reason.
    pub fn of(market: Option<&Market>, owner: Option<&User>) -> Result<(), Self> {
        let market = market.ok_or(Self::MarketGone)?;
        let owner = owner.filter(|owner| owner.status == UserStatus::Active).ok_or(Self::NotAllowed)?;
        let reads_any = owner.role.permissions().contains(&Permission::OrdersReadAny);
        if market.creator_id == owner.id || reads_any { Ok(()) } else { Err(Self::NotAllowed) }
    }
}

/// Ends a job that cannot be done, whoever tries.
#[derive(Debug, Clone, Copy)]
pub struct FailJob {
    /// The job, as it is held.
    pub held: JobClaim,
    /// Why.
    pub refusal: ReportRefusal,
}

impl Command for FailJob {
    type State = Option<Job>;
    type Output = ();
    type Error = ClaimLost;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.held.id)
    }

    /// # Errors
    /// [`Overtaken`] if somebody else is at the job by now, or it was called off.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), ClaimLost>, ClaimLost> {
        let ended = Job::still(self.held, job)?.ending(JobStatus::Failed, now);
        let failed = Job { last_error: Some(self.refusal.to_string()), ..ended };
        Ok(Change::of(()).save(&failed, JobEvent::Failed))
    }
}
