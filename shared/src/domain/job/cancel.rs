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
        let cancelled = job.ended(JobStatus::Cancelled, now);
        Ok(Change::of(cancelled.clone()).save(&cancelled, JobEvent::Cancelled))
    }
}
