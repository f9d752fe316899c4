//! Background jobs: work that takes longer than a request, started now or later and executed by a queue
//! consumer.
//!
//! An event requests the execution of a job. The version that published it identifies the request, so
//! messages of earlier requests have no effect. A worker that takes a job increments its version; a worker
//! that held it before detects this at its next commit and stops. Each commit stores a chunk of output
//! together with the position that it reaches, so after a crash another worker resumes exactly there.

pub mod cancel;
pub mod create;
pub mod event;
pub mod execution;
pub mod job_type;
pub mod output;
mod priority;
#[cfg(test)]
mod proptests;
pub mod retry;
mod status;

use serde::{Deserialize, Serialize};

use super::order::OrderId;
use super::user::UserId;
use crate::domain::access::AccessError;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::{EventId, Version};
use crate::kit::system::clock::Timestamp;
pub use event::{JobEvent, JobEventData};
use job_type::JobParams;
use output::retention::Retention;
pub use priority::Priority;
pub use status::JobStatus;

/// Id of a [`Job`].
pub type JobId = Id<Job>;

/// Background job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Id of the job.
    pub id: JobId,
    /// Version for optimistic locking.
    pub version: Version,
    /// User who created the job and may read it.
    pub owner_id: UserId,
    /// Type of the job and its parameters.
    pub work: JobParams,
    /// Priority, which selects the queue.
    pub priority: Priority,
    /// Status of the job.
    pub status: JobStatus,
    /// Number of the current attempt at the remaining work.
    pub attempts: u32,
    /// Output written so far.
    pub output: JobOutput,
    /// Total number of rows, once counted.
    pub total: Option<u64>,
    /// User-facing description of the last failure.
    pub last_error: Option<String>,
    /// Version that last requested the execution; `None` while the job waits for its scheduled time.
    pub request: Option<Version>,
    /// Id of the redrive event that would resume the job, if its message was dead-lettered.
    pub resumed_by: Option<EventId>,
    /// Scheduled time of the execution; `None` if it was requested at once.
    pub run_at: Option<Timestamp>,
    /// Retention period of the job and its output.
    pub retention: Retention,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Time of the first start.
    pub started_at: Option<Timestamp>,
    /// Time at which the job ended.
    pub finished_at: Option<Timestamp>,
    /// Time from which the job and its output count as deleted.
    pub expires_at: Timestamp,
}

/// Progress of a job's output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutput {
    /// Number of rows, without the header.
    pub rows: u64,
    /// Number of bytes, with the header.
    pub bytes: u64,
    /// Number of chunks.
    pub chunks: u32,
    /// Last order contained in the output.
    pub after: Option<OrderId>,
}

/// Request to execute a job, as identified by its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobRequest {
    /// Id of the job.
    pub id: JobId,
    /// Version that requested the execution.
    pub version: Version,
}

/// Claim of a worker on a job, fenced by the version of the worker's last commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobClaim {
    /// Id of the job.
    pub id: JobId,
    /// Version of the worker's last commit.
    pub version: Version,
}

/// Another worker has taken the job, or the job has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another worker has taken the job, or the job has ended")]
pub struct ClaimLost;

impl Identified for Job {
    const PREFIX: &'static str = "job";
}

impl Job {
    /// Returns true if the job has expired. The table may still contain it until its TTL deletion.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Returns true if the job waits for its scheduled time.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!((self.status, self.request), (JobStatus::Queued, None))
    }

    /// Claim of the worker that committed this version.
    #[must_use]
    pub const fn claim(&self) -> JobClaim {
        JobClaim { id: self.id, version: self.version }
    }

    /// Returns the job if it exists, has not expired and belongs to `owner`.
    fn of(owner: UserId, job: Option<Self>, now: Timestamp) -> Result<Self, AccessError> {
        let job = job.filter(|job| job.owner_id == owner && !job.is_expired(now));
        job.ok_or(AccessError::NotFound)
    }

    /// Returns the job if the claim is still valid.
    fn claimed(claim: JobClaim, job: Option<Self>) -> Result<Self, ClaimLost> {
        let claimed = job.filter(|job| job.version == claim.version && job.status == JobStatus::Running);
        claimed.ok_or(ClaimLost)
    }

    /// Next version without other changes.
    fn next(self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: now, ..self }
    }

    /// Next version, which requests the execution of the job.
    fn requested(self, now: Timestamp) -> Self {
        let next = self.next(now);
        Self { status: JobStatus::Queued, request: Some(next.version), ..next }
    }

    /// Next version, with which the job ends in `status`.
    pub(crate) fn ended(self, status: JobStatus, now: Timestamp) -> Self {
        Self { status, finished_at: Some(now), ..self.next(now) }
    }
}
