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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::tests::running;
    use crate::domain::tests::assert_names_are_types;

    #[test]
    fn names_match_serialised_types_except_for_the_priority() {
        let data = JobEventData { priority: Priority::Normal, ..(&running()).into() };
        let events = [JobEvent::Scheduled, JobEvent::Requested(data), JobEvent::Started, JobEvent::Advanced];
        assert_names_are_types(events);
        let ends = [JobEvent::AttemptFailed, JobEvent::Succeeded, JobEvent::Failed, JobEvent::Died];
        assert_names_are_types(ends.into_iter().chain([JobEvent::Cancelled]));
        assert_eq!(JobEvent::Requested((&running()).into()).name(), "job.requested.high");
    }
}
