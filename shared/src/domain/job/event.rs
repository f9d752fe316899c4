//! What happens to jobs.

use serde::{Deserialize, Serialize};

use super::{Job, JobId, Priority};
use crate::domain::job::job_type::JobType;
use crate::kit::command::Event;

/// What happens to jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum JobEvent {
    /// It is to be run at a time.
    #[serde(rename = "job.scheduled")]
    Scheduled,
    /// It is to be run.
    #[serde(rename = "job.requested")]
    Requested(JobFacts),
    /// Somebody has taken it up.
    #[serde(rename = "job.started")]
    Started,
    /// It got on.
    #[serde(rename = "job.advanced")]
    Advanced,
    /// An attempt failed.
    #[serde(rename = "job.attempt_failed")]
    AttemptFailed,
    /// It is done.
    #[serde(rename = "job.succeeded")]
    Succeeded,
    /// It cannot be done.
    #[serde(rename = "job.failed")]
    Failed,
    /// Its message is dead.
    #[serde(rename = "job.died")]
    Died,
    /// Its owner called it off.
    #[serde(rename = "job.cancelled")]
    Cancelled,
}

/// What there is to know of a job that is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobFacts {
    /// Which job.
    pub job_id: JobId,
    /// Which kind of work.
    pub job_type: JobType,
    /// In which of the queues.
    pub priority: Priority,
}

impl From<&Job> for JobFacts {
    fn from(job: &Job) -> Self {
        Self { job_id: job.id, job_type: job.work.kind(), priority: job.priority }
    }
}

impl Event for JobEvent {
    /// A request is routed to the queue of its priority by its name; what it says is the same in both.
    fn name(&self) -> &'static str {
        match self {
            Self::Scheduled => "job.scheduled",
            Self::Requested(JobFacts { priority: Priority::High, .. }) => "job.requested.high",
            Self::Requested(_) => "job.requested",
            Self::Started => "job.started",
            Self::Advanced => "job.advanced",
            Self::AttemptFailed => "job.attempt_failed",
            Self::Succeeded => "job.succeeded",
            Self::Failed => "job.failed",
            Self::Died => "job.died",
            Self::Cancelled => "job.cancelled",
        }
    }
}
