//! What is heard.

use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::domain::job::JobId;
use shared::domain::job::job_type::JobType;

/// An event of the queues.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Heard {
    /// A job is to be run.
    #[serde(rename = "job.requested")]
    Requested(RequestedJob),
}

/// Which job.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestedJob {
    pub(crate) job_id: JobId,
    pub(crate) job_type: Kind,
}

/// A kind of work, or one that a later release knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Kind {
    Known(JobType),
    Unknown(IgnoredAny),
}
