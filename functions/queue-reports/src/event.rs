//! Events that the function consumes.

use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::domain::job::JobId;
use shared::domain::job::job_type::JobType;

/// Event of the report queues.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum ReportEvent {
    /// A job was requested.
    #[serde(rename = "job.requested")]
    Requested(RequestedJob),
}

/// The requested job.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestedJob {
    pub(crate) job_id: JobId,
    pub(crate) job_type: RequestedType,
}

/// Job type, or one that only a later release knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum RequestedType {
    Known(JobType),
    Unknown(IgnoredAny),
}
