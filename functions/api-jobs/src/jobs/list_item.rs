//! Representation of a job in lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::job::job_type::JobType;
use shared::domain::job::{Job, JobId, JobStatus, JobSummary, Priority};
use shared::kit::command::Version;
use shared::kit::system::clock::Timestamp;

use super::body::{ParamsBody, ProgressBody, ResultBody};

/// Background job in a list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "JobListItem",
    extend("examples" = [{
        "id": "job_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "type": "sales_report",
        "params": {
            "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "from": "2027-01-01T00:00:00.000Z",
            "to": "2027-02-01T00:00:00.000Z",
        },
        "priority": "normal",
        "status": "succeeded",
        "maxAttempts": 5,
        "result": { "rows": 1204, "bytes": 171_968, "parts": 1 },
        "notify": true,
        "createdAt": "2027-02-01T08:00:00.000Z",
        "startedAt": "2027-02-01T08:00:01.000Z",
        "finishedAt": "2027-02-01T08:00:05.000Z",
        "expiresAt": "2027-02-08T08:00:00.000Z",
    }])
)]
pub(crate) struct JobListItem {
    /// Id of the job.
    id: JobId,
    /// Type of the job.
    r#type: JobType,
    /// Parameters of the job, depending on its type.
    params: ParamsBody,
    /// Priority of the job.
    priority: Priority,
    /// Status of the job.
    status: JobStatus,
    /// Number of failed attempts after which the job is `dead`.
    max_attempts: u32,
    /// Size of the result; present once the job has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ResultBody>,
    /// True if the owner receives an e-mail when the job has `succeeded`, `failed` or is `dead`.
    notify: bool,
    /// Scheduled time; absent if the job was requested to run at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    run_at: Option<Timestamp>,
    /// Time at which the job was created.
    created_at: Timestamp,
    /// Time at which a worker first started the job; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    /// Time at which the job ended; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// Time at which the job and its result are deleted.
    expires_at: Timestamp,
    /// Number of the current attempt; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// Progress of the job; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressBody>,
    /// Description of the last failure; present only if `fields` names it and an attempt has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Time of the last change; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// Version of the job; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
}

impl JobListItem {
    /// Fields that are not part of the summary: returned only if the caller names them, because the jobs
    /// themselves must be read.
    pub(crate) const DETAILS: [&str; 5] = ["attempts", "progress", "lastError", "updatedAt", "version"];

    /// Combines a summary with the job, if it was read.
    pub(crate) fn new(summary: JobSummary, details: Option<&Job>) -> Self {
        Self {
            id: summary.id,
            r#type: summary.work.kind(),
            params: summary.work.into(),
            priority: summary.priority,
            status: summary.status,
            max_attempts: summary.work.kind().policy().max_attempts,
            result: summary.result.as_ref().map(ResultBody::from),
            notify: summary.notify,
            run_at: summary.run_at,
            created_at: summary.created_at,
            started_at: summary.started_at,
            finished_at: summary.finished_at,
            expires_at: summary.expires_at,
            attempts: details.map(|job| job.attempts),
            progress: details.map(ProgressBody::from),
            last_error: details.and_then(|job| job.last_error.clone()),
            updated_at: details.map(|job| job.updated_at),
            version: details.map(|job| job.version),
        }
    }
}
