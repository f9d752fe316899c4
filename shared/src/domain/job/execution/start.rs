//! Taking a job up.

use crate::domain::job::{Job, JobEvent, JobRequest, JobStatus};
use crate::kit::command::{Change, Command, EventId, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Takes a job up that was asked for, or goes on with it where somebody else has stopped, or may have.
#[derive(Debug, Clone)]
pub struct StartJob {
    /// The job, and the version that asked for it.
    pub request: JobRequest,
    /// How often the message was delivered, this time included.
    pub delivery: u32,
    /// The redrive that sent the message again, if one did.
    pub redrive: Option<EventId>,
}

/// Why the message has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartJobError {
    /// The job is gone.
    #[error("the job is gone")]
    Gone,
    /// The job was asked for once more since then.
    #[error("the job was asked for once more since then")]
    Superseded,
    /// It has come to its end.
    #[error("the job has come to its end")]
    Over,
}

impl Command for StartJob {
    type State = Option<Job>;
    type Output = Job;
    type Error = StartJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.request.id)
    }

    /// A job that somebody is at may be taken up all the same: nobody can know whether they still live. If they do, their
    /// next commit finds that they are not the ones any more.
    ///
    /// # Errors
    /// [`StartJobError`].
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<Job, StartJobError>, StartJobError> {
        let job = job.filter(|job| !job.is_gone(now)).ok_or(StartJobError::Gone)?;
        if job.request != Some(self.request.version) {
            return Err(StartJobError::Superseded);
        }
        let before = match job.status {
            JobStatus::Queued | JobStatus::Running => job.attempts,
            JobStatus::Dead if job.woken_by.is_some() && job.woken_by == self.redrive => 0,
            _ => return Err(StartJobError::Over),
        };
        // Where nothing is written yet, all of it will be kept from now on.
        let expires_at = if job.written.chunks == 0 { job.retention.expires_at(now) } else { job.expires_at };
        let started = Job {
            status: JobStatus::Running,
            attempts: before.max(self.delivery),
            woken_by: None,
            started_at: job.started_at.or(Some(now)),
            finished_at: None,
            expires_at,
            ..job.next(now)
        };
        Ok(Change::of(started.clone()).save(&started, JobEvent::Started))
    }
}
