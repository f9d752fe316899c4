//! A job that cannot be done.

use super::{Held, Job, JobEvent, JobStatus, Overtaken};
use crate::clock::Timestamp;
use crate::command::{Change, Command, Reads};

/// Ends a job that cannot be done, whoever tries.
#[derive(Debug, Clone, Copy)]
pub struct FailJob {
    /// The job, as it is held.
    pub held: Held,
    /// Why, in public words.
    pub reason: &'static str,
}

impl Command for FailJob {
    type State = Option<Job>;
    type Output = ();
    type Error = Overtaken;

    fn reads(&self) -> Reads<Self::State> {
        Reads::one(&self.held.id)
    }

    /// # Errors
    /// [`Overtaken`] if somebody else is at the job by now, or it was called off.
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<(), Overtaken>, Overtaken> {
        let ended = Job::still(self.held, job)?.ending(JobStatus::Failed, now);
        let failed = Job { last_error: Some(self.reason.to_owned()), ..ended };
        Ok(Change::of(()).save(&failed, JobEvent::Failed))
    }
}
