//! Jobs: work that takes longer than a request, asked for now or for later, and done behind a queue.
//!
//! A job asks its queue to be run by an event, and the version that did so names the request: a message of an earlier one
//! has no say any more. Whoever takes the job up moves its version; so whoever had it before finds out with the next
//! commit, and stops. What is written and how far it reaches is one commit with that: after a crash, somebody else goes on
//! exactly there.

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
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::{EventId, Version};
use crate::kit::system::clock::Timestamp;
pub use event::{JobEvent, JobFacts};
use job_type::JobParams;
use output::retention::Retention;
pub use priority::{Priority, PriorityError};
pub use status::{JobStatus, JobStatusError};

/// The id of a [`Job`].
pub type JobId = Id<Job>;

/// Work that takes longer than a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Counts its changes.
    pub version: Version,
    /// Who asked for it, and sees it.
    pub owner_id: UserId,
    /// What is to be done.
    pub work: JobParams,
    /// Whether it waits behind others.
    pub priority: Priority,
    /// How far it is.
    pub status: JobStatus,
    /// Which attempt this is at what is left of it.
    pub attempts: u32,
    /// What is written so far.
    pub written: JobOutput,
    /// How many rows there will be about, once that was counted.
    pub total: Option<u64>,
    /// Why the last attempt failed. Public words.
    pub last_error: Option<String>,
    /// The version that last asked for it to be run; none yet, if it waits for its time.
    pub request: Option<Version>,
    /// The redrive that would wake it, if its message is dead.
    pub woken_by: Option<EventId>,
    /// When it was to be run, if not at once.
    pub run_at: Option<Timestamp>,
    /// How long it is kept.
    pub retention: Retention,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was first taken up.
    pub started_at: Option<Timestamp>,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// From when on it is gone, and what it wrote with it.
    pub expires_at: Timestamp,
}

/// What a job has written, and how far that reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutput {
    /// Rows, without the heading.
    pub rows: u64,
    /// Bytes, with it.
    pub bytes: u64,
    /// Into how many chunks.
    pub chunks: u32,
    /// The last order that is in it.
    pub after: Option<OrderId>,
}

/// A request to run a job, as its message names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobRequest {
    /// Which job.
    pub id: JobId,
    /// The version that asked.
    pub version: Version,
}

/// A job that somebody has taken up, by the version that this made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobClaim {
    /// Which job.
    pub id: JobId,
    /// At which version.
    pub version: Version,
}

/// Somebody else has taken the job up, or it came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job went on without this attempt")]
pub struct ClaimLost;

impl Identified for Job {
    const PREFIX: &'static str = "job";
}

impl Job {
    /// Whether it is gone, though the table may not have forgotten it yet.
    #[must_use]
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Whether it waits for its time, and nobody has been asked to run it.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!((self.status, self.request), (JobStatus::Queued, None))
    }

    /// As whoever has just taken it up, or got on with it, holds it.
    #[must_use]
    pub const fn held(&self) -> JobClaim {
        JobClaim { id: self.id, version: self.version }
    }

    /// The job of `owner`, if it is there and theirs.
    fn of(owner: UserId, found: Option<Self>, now: Timestamp) -> Option<Self> {
        found.filter(|job| job.owner_id == owner && !job.is_gone(now))
    }

    /// The job, if it is held so still.
    fn still(held: JobClaim, found: Option<Self>) -> Result<Self, ClaimLost> {
        let still = found.filter(|job| job.version == held.version && job.status == JobStatus::Running);
        still.ok_or(ClaimLost)
    }

    /// The next version, as yet the same in all else.
    fn next(self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: now, ..self }
    }

    /// The next version, which asks for the job to be run.
    fn asking(self, now: Timestamp) -> Self {
        let next = self.next(now);
        Self { status: JobStatus::Queued, request: Some(next.version), ..next }
    }

    /// The next version, at which the job has come to this end.
    pub(crate) fn ending(self, status: JobStatus, now: Timestamp) -> Self {
        Self { status, finished_at: Some(now), ..self.next(now) }
    }
}
