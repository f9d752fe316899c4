//! Failing a job permanently.

use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobStatus};
use crate::domain::market::Market;
use crate::domain::user::{User, UserStatus};
use crate::domain::values::actor::Permission;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Reason why a report cannot be created, permanently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefusal {
    /// The market was deleted.
    #[error("the market was deleted")]
    MarketDeleted,
    /// The owner of the job is deleted or suspended, or may no longer read the orders of the market.
    #[error("the owner of the job may no longer read the orders of the market")]
    NotAllowed,
}

impl ReportRefusal {
    /// Checks that a report of `market` may still be created for `owner`.
    ///
    /// # Errors
    /// [`ReportRefusal`] if the market was deleted or the owner may not read its orders.
    pub fn of(market: Option<&Market>, owner: Option<&User>) -> Result<(), Self> {
        let market = market.ok_or(Self::MarketDeleted)?;
        let owner = owner.filter(|owner| owner.status == UserStatus::Active).ok_or(Self::NotAllowed)?;
        let reads_any = owner.role.permissions().contains(&Permission::OrdersReadAny);
        if market.creator_id == owner.id || reads_any { Ok(()) } else { Err(Self::NotAllowed) }
    }
}

/// Ends a job that cannot be completed.
#[derive(Debug, Clone, Copy)]
pub struct FailJob {
    /// Claim on the job.
    pub claim: JobClaim,
    /// Reason for the failure.
    pub refusal: ReportRefusal,
}

impl Command for FailJob {
    type State = Option<Job>;
    type Output = ();
    type Error = ClaimLost;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.claim.id)
    }

    /// # Errors
    /// [`ClaimLost`] if another worker has taken the job or it has ended.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), ClaimLost>, ClaimLost> {
        let ended = Job::claimed(self.claim, job)?.ended(JobStatus::Failed, now);
        let failed = Job { last_error: Some(self.refusal.to_string()), ..ended };
        Ok(Change::of(()).save(&failed, JobEvent::Failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::tests::running;
    use crate::domain::tests::{SELLER, at, decide, market, third, user};
    use crate::domain::user::Role;

    #[test]
    fn job_ends_with_the_reason_of_the_refusal() {
        let fail = FailJob { claim: running().claim(), refusal: ReportRefusal::MarketDeleted };
        let expected = Job {
            version: third().next(),
            status: JobStatus::Failed,
            last_error: Some("the market was deleted".to_owned()),
            updated_at: at(1),
            finished_at: Some(at(1)),
            ..running()
        };
        assert_eq!(decide(&fail, Some(running()), at(1)).stored::<Job>(), expected);
    }

    #[test]
    fn report_is_refused_without_market_or_access() {
        let owner = User { id: SELLER.parse().unwrap(), ..user() };
        let moderator = User { role: Role::Moderator, ..user() };
        let suspended = User { status: UserStatus::Suspended, ..owner.clone() };
        for (owner, expected) in [
            (Some(owner.clone()), Ok(())),
            (Some(moderator), Ok(())),
            (Some(user()), Err(ReportRefusal::NotAllowed)),
            (Some(suspended), Err(ReportRefusal::NotAllowed)),
            (None, Err(ReportRefusal::NotAllowed)),
        ] {
            assert_eq!(ReportRefusal::of(Some(&market()), owner.as_ref()), expected);
        }
        assert_eq!(ReportRefusal::of(None, Some(&owner)), Err(ReportRefusal::MarketDeleted));
    }
}
