//! An attempt that failed.

use crate::domain::job::{ClaimLost, Job, JobClaim, JobEvent, JobStatus};
use crate::kit::command::{Change, Command, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes why an attempt failed. The job waits for its next one, and keeps what it has written.
#[derive(Debug, Clone, Copy)]
pub struct RecordFailedJobAttempt {
    /// The job, as it was held.
    pub held: JobClaim,
    /// Why, in public words.
    pub reason: &'static str,
}

impl Command for RecordFailedJobAttempt {
    type State = Option<Job>;
    type Output = ();
    type Error = ClaimLost;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.held.id)
    }

    /// # Errors
    /// [`Overtaken`] if somebody else is at the job by now, or it was called off.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), ClaimLost>, ClaimLost> {
        let last_error = Some(self.reason.to_owned());
        let waits = Job { status: JobStatus::Queued, last_error, ..Job::still(self.held, job)?.next(now) };
        Ok(Change::of(()).save(&waits, JobEvent::AttemptFailed))
    }
}
