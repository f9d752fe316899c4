//! Having a job tried again.

use super::{Job, JobEvent, JobId, JobOutput, JobStatus};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Asks once more for a job that ended without a result. It begins anew; should its old message be redriven as well, that
/// has no say any more.
#[derive(Debug, Clone, Copy)]
pub struct RetryJob {
    /// Which job.
    pub id: JobId,
    /// On whose behalf.
    pub by: UserId,
}

/// Why it is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetryJobError {
    /// There is no such job, for all that this person may know.
    #[error("there is no such job")]
    NotFound,
    /// It is on its way, or has its result.
    #[error("only a job that failed, is dead or was cancelled is tried again")]
    NotEnded,
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
        let job = Job::of(self.by, job, now).ok_or(RetryJobError::NotFound)?;
        if !matches!(job.status, JobStatus::Failed | JobStatus::Dead | JobStatus::Cancelled) {
            return Err(RetryJobError::NotEnded);
        }
        let retried = Job {
            attempts: 0,
            written: JobOutput::default(),
            total: None,
            last_error: None,
            woken_by: None,
            run_at: None,
            started_at: None,
            finished_at: None,
            expires_at: job.retention.expires_at(now),
            ..job.asking(now)
        };
        Ok(Change::of(retried.clone()).save(&retried, JobEvent::Requested((&retried).into())))
    }
}
