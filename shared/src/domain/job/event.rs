//! Events of jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Job, JobId, Priority};
use crate::domain::job::job_type::JobType;
use crate::domain::user::UserId;
use crate::kit::command::Event;

/// Event of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, JsonSchema)]
#[serde(tag = "type", content = "data")]
#[strum(prefix = "job.", serialize_all = "snake_case")]
pub enum JobEvent {
    /// The job was scheduled for later.
    #[serde(rename = "job.scheduled")]
    Scheduled,
    /// The execution was requested.
    #[serde(rename = "job.requested")]
    Requested(JobEventData),
    /// A worker started or resumed the job.
    #[serde(rename = "job.started")]
    Started,
    /// A chunk of output was written.
    #[serde(rename = "job.advanced")]
    Advanced,
    /// An attempt failed.
    #[serde(rename = "job.attempt_failed")]
    AttemptFailed,
    /// The job is complete.
    #[serde(rename = "job.succeeded")]
    Succeeded(JobEnd),
    /// The job cannot be completed.
    #[serde(rename = "job.failed")]
    Failed(JobEnd),
    /// The job's message was dead-lettered.
    #[serde(rename = "job.died")]
    Died(JobEnd),
    /// The owner cancelled the job.
    #[serde(rename = "job.cancelled")]
    Cancelled,
    /// The owner deleted the job and all of its output.
    #[serde(rename = "job.deleted")]
    Deleted,
    /// The owner deleted the job, whose remaining output is to be deleted as well.
    #[serde(rename = "job.output_deletion_requested")]
    OutputDeletionRequested(RemainingOutput),
}

/// Data of an execution request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobEventData {
    /// Id of the job.
    pub job_id: JobId,
    /// Type of the job.
    pub job_type: JobType,
    /// Priority, which selects the queue.
    pub priority: Priority,
}

/// Data of the end of a job. It contains all data of the notification, because the job may be deleted before
/// the notification is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobEnd {
    /// Id of the job.
    pub job_id: JobId,
    /// Type of the job.
    pub job_type: JobType,
    /// Owner of the job.
    pub owner_id: UserId,
    /// True if the owner receives an e-mail.
    pub notify: bool,
}

/// Output that a deleted job has left in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemainingOutput {
    /// Id of the job.
    pub job_id: JobId,
    /// Number of remaining chunks, from the first.
    pub chunks: u32,
}

impl From<&Job> for JobEventData {
    fn from(job: &Job) -> Self {
        Self { job_id: job.id, job_type: job.work.kind(), priority: job.priority }
    }
}

impl From<&Job> for JobEnd {
    fn from(job: &Job) -> Self {
        Self { job_id: job.id, job_type: job.work.kind(), owner_id: job.owner_id, notify: job.notify }
    }
}

impl Event for JobEvent {
    /// Returns the name by which the event is routed. It ends with `.high` if a request has high priority,
    /// and with `.notify` if the owner is notified of the end by e-mail. The serialised type has no suffix.
    fn name(&self) -> &'static str {
        match self {
            Self::Requested(JobEventData { priority: Priority::High, .. }) => "job.requested.high",
            Self::Succeeded(JobEnd { notify: true, .. }) => "job.succeeded.notify",
            Self::Failed(JobEnd { notify: true, .. }) => "job.failed.notify",
            Self::Died(JobEnd { notify: true, .. }) => "job.died.notify",
            _ => self.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::tests::running;
    use crate::domain::tests::assert_names_are_types;

    #[test]
    fn names_match_types_except_for_priority_and_notification() {
        let data = JobEventData { priority: Priority::Normal, ..(&running()).into() };
        let end = JobEnd::from(&running());
        let remaining = RemainingOutput { job_id: running().id, chunks: 1 };
        let events = [JobEvent::Scheduled, JobEvent::Requested(data), JobEvent::Started, JobEvent::Advanced];
        assert_names_are_types(events);
        let ends = [JobEvent::AttemptFailed, JobEvent::Succeeded(end), JobEvent::Failed(end)];
        assert_names_are_types(ends.into_iter().chain([JobEvent::Died(end), JobEvent::Cancelled]));
        assert_names_are_types([JobEvent::Deleted, JobEvent::OutputDeletionRequested(remaining)]);
        assert_eq!(JobEvent::Requested((&running()).into()).name(), "job.requested.high");
        let end = JobEnd { notify: true, ..end };
        let notified = [JobEvent::Succeeded(end), JobEvent::Failed(end), JobEvent::Died(end)];
        let names = ["job.succeeded.notify", "job.failed.notify", "job.died.notify"];
        assert_eq!(notified.map(|event| event.name()), names);
    }
}
