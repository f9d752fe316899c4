//! Retrying a job.

use super::create::MAX_OPEN_JOBS;
use super::{Job, JobEvent, JobId, JobOutput, JobStatus};
use crate::domain::access::AccessError;
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Requests a new execution of a job that ended without a result. It starts from the beginning. If the
/// message of the previous request is redriven, it has no effect.
#[derive(Debug, Clone, Copy)]
pub struct RetryJob {
    /// Id of the job.
    pub id: JobId,
    /// User who retries the job.
    pub by: UserId,
    /// Number of jobs of the user that have not ended. It does not include the jobs of concurrent requests.
    pub open_jobs: u64,
}

/// Reason why a job cannot be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetryJobError {
    /// The actor has no access to the job.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The job has not ended or has succeeded.
    #[error("job {0} cannot be retried: it is neither failed nor dead nor cancelled")]
    NotEnded(JobId),
    /// The owner has too many jobs that have not ended.
    #[error("at most {MAX_OPEN_JOBS} jobs can be queued or running: wait until one ends, or cancel one")]
    TooManyOpen,
}

impl Command for RetryJob {
    type State = Option<Job>;
    type Output = Job;
    type Error = RetryJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`RetryJobError`].
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<Job, RetryJobError>, RetryJobError> {
        let job = Job::of(self.by, self.id, job, now)?;
        if !matches!(job.status, JobStatus::Failed | JobStatus::Dead | JobStatus::Cancelled) {
            return Err(RetryJobError::NotEnded(job.id));
        }
        if self.open_jobs >= MAX_OPEN_JOBS.into() {
            return Err(RetryJobError::TooManyOpen);
        }
        let retried = Job {
            attempts: 0,
            output: JobOutput::default(),
            total: None,
            last_error: None,
            resumed_by: None,
            run_at: None,
            started_at: None,
            finished_at: None,
            expires_at: job.expiry_from(now),
            ..job.requested(now)
        };
        Ok(Change::of(retried.clone()).save(&retried, JobEvent::Requested((&retried).into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::tests::{WEEK, ended, running};
    use crate::domain::tests::{at, decide, refusal, third};

    #[test]
    fn jobs_without_result_are_retried_from_the_beginning() {
        let retry = RetryJob { id: running().id, by: running().owner_id, open_jobs: 49 };
        for status in [JobStatus::Failed, JobStatus::Dead, JobStatus::Cancelled] {
            let retried = decide(&retry, Some(ended(status)), at(1));
            let expected = Job {
                version: third().next(),
                status: JobStatus::Queued,
                attempts: 0,
                output: JobOutput::default(),
                total: None,
                last_error: None,
                request: Some(third().next()),
                requested_at: Some(at(1)),
                run_at: None,
                updated_at: at(1),
                started_at: None,
                expires_at: at(WEEK + 1),
                ..running()
            };
            assert_eq!((retried.stored(), &retried.output), (expected.clone(), &expected));
            assert_eq!(retried.events(), [("job.requested.high", expected.version)]);
        }
        for status in [JobStatus::Queued, JobStatus::Running, JobStatus::Succeeded] {
            let job = Job { status, ..running() };
            assert_eq!(refusal(&retry, Some(job), at(1)), RetryJobError::NotEnded(running().id));
        }
        let over_limit = RetryJob { open_jobs: 50, ..retry };
        assert_eq!(refusal(&over_limit, Some(ended(JobStatus::Failed)), at(1)), RetryJobError::TooManyOpen);
        let expired = refusal(&retry, Some(ended(JobStatus::Failed)), at(WEEK));
        assert_eq!(expired, AccessError::not_found(running().id).into());
    }
}
