//! Failing a job permanently.

use crate::domain::job::job_type::JobParams;
use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobStatus};
use crate::domain::market::Market;
use crate::domain::user::{User, UserStatus};
use crate::domain::values::actor::Permission;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Reason why a job cannot be completed, permanently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobRefusal {
    /// The market was deleted.
    #[error("the market was deleted")]
    MarketDeleted,
    /// The owner of the job is deleted or suspended, or may no longer read the orders of the market.
    #[error("the owner of the job may no longer read the orders of the market")]
    OrdersNotReadable,
    /// The owner of the job is deleted or suspended, or may no longer rebuild projections.
    #[error("the owner of the job may no longer rebuild projections")]
    ReindexNotAllowed,
    /// The account whose data is exported is deleted or suspended.
    #[error("the account is deleted or suspended")]
    AccountInactive,
}

impl JobRefusal {
    /// Checks that the job may still be executed for `owner`. `market` is the market that the job refers to.
    ///
    /// # Errors
    /// [`JobRefusal`] if the market was deleted or the owner lacks the permission of the job's type.
    pub fn of(work: &JobParams, market: Option<&Market>, owner: Option<&User>) -> Result<(), Self> {
        let owner = owner.filter(|owner| owner.status == UserStatus::Active);
        let may = |permission| owner.is_some_and(|owner| owner.role.permissions().contains(&permission));
        if work.market_id().is_some() && market.is_none() {
            return Err(Self::MarketDeleted);
        }
        let (permitted, refusal) = match work {
            JobParams::SalesReport(_) => {
                let creator = market.map(|market| market.creator_id);
                let is_creator = owner.is_some_and(|owner| creator == Some(owner.id));
                (is_creator || may(Permission::OrdersReadAny), Self::OrdersNotReadable)
            }
            JobParams::Reindex(_) => (may(Permission::JobsReindex), Self::ReindexNotAllowed),
            JobParams::DataExport(_) => (owner.is_some(), Self::AccountInactive),
        };
        if permitted { Ok(()) } else { Err(refusal) }
    }
}

/// Ends a job that cannot be completed.
#[derive(Debug, Clone, Copy)]
pub struct FailJob {
    /// Claim on the job.
    pub claim: JobClaim,
    /// Reason for the failure.
    pub refusal: JobRefusal,
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
        Ok(Change::of(()).save(&failed, JobEvent::Failed((&failed).into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::job_type::{DataExport, Reindex};
    use crate::domain::job::tests::running;
    use crate::domain::tests::{SELLER, at, decide, market, third, user};
    use crate::domain::user::Role;

    #[test]
    fn job_ends_with_the_reason_of_the_refusal() {
        let fail = FailJob { claim: running().claim(), refusal: JobRefusal::MarketDeleted };
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
            (Some(user()), Err(JobRefusal::OrdersNotReadable)),
            (Some(suspended), Err(JobRefusal::OrdersNotReadable)),
            (None, Err(JobRefusal::OrdersNotReadable)),
        ] {
            assert_eq!(JobRefusal::of(&running().work, Some(&market()), owner.as_ref()), expected);
        }
        assert_eq!(JobRefusal::of(&running().work, None, Some(&owner)), Err(JobRefusal::MarketDeleted));
    }

    #[test]
    fn reindex_and_export_are_refused_without_permission_or_account() {
        let owner = User { id: SELLER.parse().unwrap(), ..user() };
        let moderator = User { role: Role::Moderator, ..owner.clone() };
        let suspended = User { status: UserStatus::Suspended, ..moderator.clone() };
        let of = |work: JobParams, owner: &User| JobRefusal::of(&work, None, Some(owner));
        let everything = JobParams::Reindex(Reindex { market_id: None });
        assert_eq!(of(everything, &moderator), Ok(()));
        for owner in [&owner, &suspended] {
            assert_eq!(of(everything, owner), Err(JobRefusal::ReindexNotAllowed));
        }
        let one_market = JobParams::Reindex(Reindex { market_id: Some(market().id) });
        assert_eq!(of(one_market, &moderator), Err(JobRefusal::MarketDeleted));
        let export = JobParams::DataExport(DataExport {});
        assert_eq!(of(export, &owner), Ok(()));
        assert_eq!(of(export, &suspended), Err(JobRefusal::AccountInactive));
        assert_eq!(JobRefusal::of(&export, None, None), Err(JobRefusal::AccountInactive));
    }
}
