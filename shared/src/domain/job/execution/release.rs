//! A job whose time has come.

use crate::domain::job::{Job, JobEvent, JobId};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Asks for a job to be run that has waited for its time.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseJob {
    /// Which job.
    pub id: JobId,
}

/// Why it is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job does not wait for this time")]
pub struct NotDue;

impl Command for ReleaseJob {
    type State = Option<Job>;
    type Output = ();
    type Error = NotDue;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`NotDue`] if it was cancelled or released meanwhile, or its time has not come.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), NotDue>, NotDue> {
        let is_due = |job: &Job| job.is_waiting() && job.run_at.is_some_and(|at| at <= now);
        let released = job.filter(is_due).ok_or(NotDue)?.asking(now);
        Ok(Change::of(()).save(&released, JobEvent::Requested((&released).into())))
    }
}
