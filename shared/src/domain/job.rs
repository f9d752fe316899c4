//! Background jobs: work that takes longer than a request, started now or later and executed by a queue
//! consumer.
//!
//! An event requests the execution of a job. The version that published it identifies the request, so
//! messages of other requests have no effect once the job has started. A worker that takes a job increments
//! its version; a worker that held it before detects this at its next commit and stops. Each commit stores a
//! chunk of output together with the position that it reaches, so after a crash another worker resumes
//! exactly there.

pub mod cancel;
pub mod create;
pub mod delete;
pub mod event;
pub mod execution;
pub mod job_type;
pub mod output;
#[cfg(test)]
mod proptests;
pub mod retry;
mod status;

use serde::{Deserialize, Serialize};

use super::user::UserId;
use crate::domain::access::AccessError;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::{EventId, Version};
use crate::kit::system::clock::Timestamp;
pub use event::{JobEnd, JobEvent, JobEventData};
pub use job_type::priority::Priority;
use job_type::{JobParams, JobPolicy};
use output::cursor::{JobCursor, Section};
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
    /// Version of the first request, if the sweeper has repeated it since and the job has not started. The
    /// messages of all requests from this one on can start the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_request: Option<Version>,
    /// Time at which the job was requested or last retried; `None` if it is not requested yet, or was stored
    /// by an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// Time at which the sweeper last resumed this request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Timestamp>,
    /// Id of the redrive event that would resume the job, if its message was dead-lettered.
    pub resumed_by: Option<EventId>,
    /// Scheduled time of the execution; `None` if it was requested at once.
    pub run_at: Option<Timestamp>,
    /// True if the owner receives an e-mail when the job ends.
    #[serde(default)]
    pub notify: bool,
    /// Number of chunks that the table may contain, including those of earlier executions.
    #[serde(default)]
    pub stored_chunks: u32,
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

/// Part of a job that lists show. It has no field that changes with each page of the output, so the commits of
/// pages write no index entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    /// Id of the job.
    pub id: JobId,
    /// Type of the job and its parameters.
    pub work: JobParams,
    /// Priority.
    pub priority: Priority,
    /// Status.
    pub status: JobStatus,
    /// Output of a job that has succeeded.
    pub result: Option<JobOutput>,
    /// Scheduled time of the execution.
    pub run_at: Option<Timestamp>,
    /// True if the owner receives an e-mail when the job ends.
    pub notify: bool,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the first start.
    pub started_at: Option<Timestamp>,
    /// Time at which the job ended.
    pub finished_at: Option<Timestamp>,
    /// Time from which the job and its output count as deleted.
    pub expires_at: Timestamp,
}

impl From<&Job> for JobSummary {
    fn from(job: &Job) -> Self {
        let succeeded = job.status == JobStatus::Succeeded;
        Self {
            id: job.id,
            work: job.work,
            priority: job.priority,
            status: job.status,
            result: succeeded.then(|| job.output.clone()),
            run_at: job.run_at,
            notify: job.notify,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            expires_at: job.expires_at,
        }
    }
}

/// Progress of a job's output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutput {
    /// Number of rows, without the header.
    pub rows: u64,
    /// Number of bytes, with the header.
    pub bytes: u64,
    /// Number of chunks.
    pub chunks: u32,
    /// Position in the input that the output reaches; `None` before the first chunk.
    pub cursor: Option<JobCursor>,
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
    const NOUN: &'static str = "job";
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

    /// Execution policy of the job's type.
    #[must_use]
    pub const fn policy(&self) -> JobPolicy {
        self.work.kind().policy()
    }

    /// Claim of the worker that committed this version.
    #[must_use]
    pub const fn claim(&self) -> JobClaim {
        JobClaim { id: self.id, version: self.version }
    }

    /// Returns the job if it exists, has not expired and belongs to `owner`.
    fn of(owner: UserId, id: JobId, job: Option<Self>, now: Timestamp) -> Result<Self, AccessError> {
        let job = job.filter(|job| job.owner_id == owner && !job.is_expired(now));
        job.ok_or(AccessError::not_found(id))
    }

    /// Returns the job if the claim is still valid.
    pub(crate) fn claimed(claim: JobClaim, job: Option<Self>) -> Result<Self, ClaimLost> {
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
        Self {
            status: JobStatus::Queued,
            request: Some(next.version),
            first_request: None,
            requested_at: Some(now),
            resumed_at: None,
            ..next
        }
    }

    /// Returns true if the message of this request can start the job.
    fn can_be_started_by(&self, request: Version) -> bool {
        let is_repeated = |first| first <= request && Some(request) <= self.request;
        self.request == Some(request) || self.first_request.is_some_and(is_repeated)
    }

    /// Next version, with which the job ends in `status`.
    pub(crate) fn ended(self, status: JobStatus, now: Timestamp) -> Self {
        Self { status, finished_at: Some(now), ..self.next(now) }
    }

    /// Returns true if the job may have reset the totals of a market, and has not counted all of its orders.
    #[must_use]
    pub fn is_recounting(&self) -> bool {
        let is_reindex = matches!(self.work, JobParams::Reindex(_));
        is_reindex && self.output.cursor.as_ref().is_some_and(|cursor| cursor.section == Section::Orders)
    }

    /// Time at which the job expires if its retention period starts at `moment`.
    fn expiry_from(&self, moment: Timestamp) -> Timestamp {
        self.policy().retention.expires_at(moment)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::tests::{SELLER, at, market, third};
    use job_type::SalesReport;
    use output::cursor::Section;

    /// Time at which the job of these tests expires: 7 days after its creation.
    pub(crate) const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000;

    /// Position after the order with this digest.
    pub(crate) fn order_cursor(digest: u128) -> JobCursor {
        JobCursor::start_of(Section::Orders, None).after(crate::domain::order::OrderId::of_digest(digest))
    }

    /// Running job with output and every property set.
    pub(crate) fn running() -> Job {
        Job {
            id: "job_01J8Z3K5V0ABCDEFGHJKMNPQRS".parse().unwrap(),
            version: third(),
            owner_id: SELLER.parse().unwrap(),
            work: JobParams::SalesReport(SalesReport { market_id: market().id, from: None, to: at(0) }),
            priority: Priority::High,
            status: JobStatus::Running,
            attempts: 2,
            output: JobOutput { rows: 3, bytes: 6, chunks: 1, cursor: Some(order_cursor(3)) },
            total: Some(7),
            last_error: Some("the table did not respond".to_owned()),
            request: Some(Version::FIRST),
            first_request: None,
            requested_at: None,
            resumed_at: None,
            resumed_by: None,
            run_at: Some(at(0)),
            notify: false,
            stored_chunks: 1,
            created_at: at(0),
            updated_at: at(0),
            started_at: Some(at(0)),
            finished_at: None,
            expires_at: at(WEEK),
        }
    }

    /// The job after it ended in `status`.
    pub(crate) fn ended(status: JobStatus) -> Job {
        let resumed_by = (status == JobStatus::Dead).then(|| EventId::of("dlq", Version::FIRST));
        Job { status, resumed_by, finished_at: Some(at(0)), ..running() }
    }
}
