//! Cancelling a job.

use super::{Job, JobEvent, JobId, JobStatus};
use crate::domain::access::AccessError;
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Cancels a job that has not ended. A worker that executes it detects this at its next commit. Output
/// written so far is never returned and expires with the job.
#[derive(Debug, Clone, Copy)]
pub struct CancelJob {
    /// Id of the job.
    pub id: JobId,
    /// User who cancels the job.
    pub by: UserId,
}

/// Reason why a job cannot be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelJobError {
    /// The actor has no access to the job.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The job has already ended.
    #[error("job {0} has already ended")]
    AlreadyEnded(JobId),
    /// The job has reset the totals of a market, and has not counted all of its orders.
    #[error("job {0} is counting the orders of a market, and cannot be cancelled until all are counted")]
    Recounting(JobId),
}

impl Command for CancelJob {
    type State = Option<Job>;
    type Output = Job;
    type Error = CancelJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`CancelJobError`].
    fn decide(
        &self,
        job: Self::State,
        now: Timestamp,
    ) -> Result<Change<Job, CancelJobError>, CancelJobError> {
        let job = Job::of(self.by, self.id, job, now)?;
        if !job.status.is_open() {
            return Err(CancelJobError::AlreadyEnded(job.id));
        }
        if job.is_recounting() {
            return Err(CancelJobError::Recounting(job.id));
        }
        let cancelled = job.ended(JobStatus::Cancelled, now);
        Ok(Change::of(cancelled.clone()).save(&cancelled, JobEvent::Cancelled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobOutput;
    use crate::domain::job::job_type::{JobParams, Reindex};
    use crate::domain::job::output::cursor::{JobCursor, Section};
    use crate::domain::job::tests::{WEEK, ended, running};
    use crate::domain::tests::{STRANGER, at, decide, market, refusal, third};

    #[test]
    fn only_open_jobs_are_cancelled() {
        let cancel = CancelJob { id: running().id, by: running().owner_id };
        for status in [JobStatus::Queued, JobStatus::Running] {
            let cancelled = decide(&cancel, Some(Job { status, ..running() }), at(WEEK - 1));
            let (now, status) = (at(WEEK - 1), JobStatus::Cancelled);
            let expected =
                Job { version: third().next(), status, updated_at: now, finished_at: Some(now), ..running() };
            assert_eq!((cancelled.stored(), &cancelled.output), (expected.clone(), &expected));
        }
        for status in [JobStatus::Succeeded, JobStatus::Failed, JobStatus::Dead, JobStatus::Cancelled] {
            assert_eq!(
                refusal(&cancel, Some(ended(status)), at(1)),
                CancelJobError::AlreadyEnded(running().id)
            );
        }
        assert_eq!(refusal(&cancel, Some(running()), at(WEEK)), AccessError::not_found(running().id).into());
        assert_eq!(refusal(&cancel, None, at(1)), AccessError::not_found(running().id).into());
        let by_another = CancelJob { by: STRANGER.parse().unwrap(), ..cancel };
        assert_eq!(refusal(&by_another, Some(running()), at(1)), AccessError::not_found(running().id).into());
    }

    #[test]
    fn reindex_is_not_cancelled_while_orders_are_counted() {
        let cancel = CancelJob { id: running().id, by: running().owner_id };
        let at_section = |section, status| Job {
            work: JobParams::Reindex(Reindex { market_id: None }),
            output: JobOutput {
                cursor: Some(JobCursor::start_of(section, Some(market().id))),
                ..running().output
            },
            status,
            ..running()
        };
        for status in [JobStatus::Queued, JobStatus::Running] {
            let refused = refusal(&cancel, Some(at_section(Section::Orders, status)), at(1));
            assert_eq!(refused, CancelJobError::Recounting(running().id), "{status}");
            for section in [Section::Markets, Section::Products, Section::Accounts] {
                let cancelled = decide(&cancel, Some(at_section(section, status)), at(1)).output;
                assert_eq!(cancelled.status, JobStatus::Cancelled, "{section:?}");
            }
        }
    }
}
