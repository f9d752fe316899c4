//! A job as its owner sees it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::job::job_type::{JobParams, JobType, SalesReport};
use shared::domain::job::output::chunk::parts;
use shared::domain::job::{Job, JobId, JobStatus, Priority};
use shared::domain::market::MarketId;
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::queue::consumer::delivery::MAX_RECEIVE_COUNT;
use shared::kit::system::clock::Timestamp;

/// Work that takes longer than a request.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Job")]
pub(crate) struct JobBody {
    id: JobId,
    r#type: JobType,
    params: SalesReportBody,
    priority: Priority,
    status: JobStatus,
    /// Which attempt this is at what is left of it.
    attempts: u32,
    /// After how many failed attempts it is `dead`.
    max_attempts: u32,
    progress: ProgressBody,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// What there is to fetch, once it has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ResultBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// When the job and its result are gone.
    expires_at: Timestamp,
    version: Version,
}

/// Which orders are reported.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SalesReport")]
struct SalesReportBody {
    market_id: MarketId,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    to: Timestamp,
}

/// How far a job is, in rows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "JobProgress")]
struct ProgressBody {
    done: u64,
    /// How many there will be about, once that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// What a job has made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "JobResult")]
struct ResultBody {
    /// How many rows, without the heading.
    rows: u64,
    /// How many bytes, with it.
    bytes: u64,
    /// In how many parts it is fetched.
    parts: u32,
}

impl Resource for JobBody {
    fn location(&self) -> String {
        format!("/v1/jobs/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        let JobParams::SalesReport(SalesReport { market_id, from, to }) = job.work;
        let written = job.written;
        let made = ResultBody { rows: written.rows, bytes: written.bytes, parts: parts(written.chunks) };
        Self {
            id: job.id,
            r#type: job.work.kind(),
            params: SalesReportBody { market_id, from, to },
            priority: job.priority,
            status: job.status,
            attempts: job.attempts,
            max_attempts: MAX_RECEIVE_COUNT,
            progress: ProgressBody { done: written.rows, total: job.total },
            last_error: job.last_error,
            result: (job.status == JobStatus::Succeeded).then_some(made),
            run_at: job.run_at,
            created_at: job.created_at,
            updated_at: job.updated_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            expires_at: job.expires_at,
            version: job.version,
        }
    }
}
