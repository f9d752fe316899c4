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
