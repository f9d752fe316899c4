//! Events of jobs.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Job, JobId, Priority};
use crate::domain::job::job_type::JobType;
use crate::kit::command::Event;

/// Event of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
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
    Succeeded,
    /// The job cannot be completed.
    #[serde(rename = "job.failed")]
    Failed,
    /// The job's message was dead-lettered.
    #[serde(rename = "job.died")]
    Died,
    /// The owner cancelled the job.
    #[serde(rename = "job.cancelled")]
    Cancelled,
}

/// Data of an execution request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobEventData {
    /// Id of the job.
    pub job_id: JobId,
    /// Type of the job.
    pub job_type: JobType,
    /// Priority, which selects the queue.
    pub priority: Priority,
}

impl From<&Job> for JobEventData {
    fn from(job: &Job) -> Self {
        Self { job_id: job.id, job_type: job.work.kind(), priority: job.priority }
    }
}

impl Event for JobEvent {
    /// Returns the name that routes a request to the queue of its priority. The serialised type is the same
    /// for all priorities.
    fn name(&self) -> &'static str {
        match self {
            Self::Requested(JobEventData { priority: Priority::High, .. }) => "job.requested.high",
            _ => self.into(),
        }
    }
}
