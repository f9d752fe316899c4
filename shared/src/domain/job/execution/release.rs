//! Releasing a scheduled job.

use crate::domain::job::{Job, JobEvent, JobId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Requests the execution of a job whose scheduled time has come.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseJob {
    /// Id of the job.
    pub id: JobId,
}

/// The job does not exist, does not wait for its scheduled time, or is not due yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job is not due")]
pub struct NotDue;

impl Command for ReleaseJob {
    type State = Option<Job>;
    type Output = ();
    type Error = NotDue;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`NotDue`] if the job was cancelled or released meanwhile, or its scheduled time has not come.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), NotDue>, NotDue> {
        let is_due = |job: &Job| job.is_waiting() && job.run_at.is_some_and(|at| at <= now);
        let released = job.filter(is_due).ok_or(NotDue)?.requested(now);
        Ok(Change::of(()).save(&released, JobEvent::Requested((&released).into())))
    }
}
