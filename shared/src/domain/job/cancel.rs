//! Calling a job off.

use super::{Job, JobEvent, JobId, JobStatus};
use crate::domain::user::UserId;
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Calls a job off that has not come to its end. Whoever is at it finds out with the next commit; what it has written is
/// shown to nobody, and forgotten in its time.
#[derive(Debug, Clone, Copy)]
pub struct CancelJob {
    /// Which job.
    pub id: JobId,
    /// On whose behalf.
    pub by: UserId,
}

/// Why it is not called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelJobError {
    /// There is no such job, for all that this person may know.
    #[error("there is no such job")]
    NotFound,
    /// It has come to its end.
    #[error("the job has come to its end")]
    Over,
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
        let job = Job::of(self.by, job, now).ok_or(CancelJobError::NotFound)?;
        if !job.status.is_open() {
            return Err(CancelJobError::Over);
        }
        let cancelled = job.ending(JobStatus::Cancelled, now);
        Ok(Change::of(cancelled.clone()).save(&cancelled, JobEvent::Cancelled))
    }
}
