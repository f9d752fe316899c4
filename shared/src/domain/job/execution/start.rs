//! Starting or resuming a job.

use crate::domain::job::{Job, JobEvent, JobRequest, JobStatus};
use crate::kit::command::{Change, Command, EventId, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Starts a requested job, or resumes it if another worker has stopped or may have stopped.
#[derive(Debug, Clone)]
pub struct StartJob {
    /// Request that the message identifies.
    pub request: JobRequest,
    /// Receive count of the message, including this delivery.
    pub delivery: u32,
    /// Redrive that sent the message, if it was redriven.
    pub redrive: Option<EventId>,
}

/// Reason why the message has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartJobError {
    /// The job does not exist or has expired.
    #[error("job not found or expired")]
    NotFound,
    /// A later request supersedes this one.
    #[error("the request was superseded by a later one")]
    Superseded,
    /// The job has already ended.
    #[error("the job has already ended")]
    AlreadyEnded,
}

impl Command for StartJob {
    type State = Option<Job>;
    type Output = Job;
    type Error = StartJobError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.request.id)
    }

    /// A running job can be taken over, because it is unknown whether its worker still runs. If it does, its
    /// next commit fails with [`ClaimLost`](crate::domain::job::ClaimLost).
    ///
    /// # Errors
    /// [`StartJobError`].
    fn decide(&self, job: Self::State, now: Timestamp) -> Result<Change<Job, StartJobError>, StartJobError> {
        let job = job.filter(|job| !job.is_expired(now)).ok_or(StartJobError::NotFound)?;
        if job.request != Some(self.request.version) {
            return Err(StartJobError::Superseded);
        }
        let previous_attempts = match job.status {
            JobStatus::Queued | JobStatus::Running => job.attempts,
            JobStatus::Dead if job.resumed_by.is_some() && job.resumed_by == self.redrive => 0,
            _ => return Err(StartJobError::AlreadyEnded),
        };
        // If no output is written yet, the retention period starts now, because all output is still to come.
        let expires_at = if job.output.chunks == 0 { job.retention.expires_at(now) } else { job.expires_at };
        let started = Job {
            status: JobStatus::Running,
            attempts: previous_attempts.max(self.delivery),
            resumed_by: None,
            started_at: job.started_at.or(Some(now)),
            finished_at: None,
            expires_at,
            ..job.next(now)
        };
        Ok(Change::of(started.clone()).save(&started, JobEvent::Started))
    }
}
