//! Response body of a job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::job::job_type::{DataExport, JobParams, JobType, Reindex, SalesReport};
use shared::domain::job::output::chunk::parts;
use shared::domain::job::{Job, JobId, JobOutput, JobStatus, Priority};
use shared::domain::market::MarketId;
use shared::kit::command::Version;
use shared::kit::http::{EntityTag, Resource};
use shared::kit::system::clock::Timestamp;

/// Background job.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Job",
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
        "attempts": 1,
        "maxAttempts": 5,
        "progress": { "done": 1204, "total": 1204 },
        "result": { "rows": 1204, "bytes": 171_968, "parts": 1 },
        "notify": true,
        "createdAt": "2027-02-01T08:00:00.000Z",
        "updatedAt": "2027-02-01T08:00:05.000Z",
        "startedAt": "2027-02-01T08:00:01.000Z",
        "finishedAt": "2027-02-01T08:00:05.000Z",
        "expiresAt": "2027-02-08T08:00:00.000Z",
        "version": 8,
    }])
)]
pub(crate) struct JobBody {
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
    /// Number of the current attempt at the remaining work.
    attempts: u32,
    /// Number of failed attempts after which the job is `dead`.
    max_attempts: u32,
    /// Progress of the job.
    progress: ProgressBody,
    /// Description of the last failure; absent if no attempt has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
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
    /// Time of the last change.
    updated_at: Timestamp,
    /// Time at which a worker first started the job; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    /// Time at which the job ended; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// Time at which the job and its result are deleted.
    expires_at: Timestamp,
    /// Version of the job, from 1.
    version: Version,
}

/// Parameters of a job, depending on its type.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "JobParams")]
pub(crate) enum ParamsBody {
    /// Parameters of a sales report.
    SalesReport(SalesReportBody),
    /// Parameters of a reindex.
    Reindex(ReindexBody),
    /// Parameters of a data export.
    DataExport(DataExportBody),
}

/// Parameters of a sales report: the orders of a market in a period.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SalesReport")]
pub(crate) struct SalesReportBody {
    /// Id of the market.
    market_id: MarketId,
    /// Start of the period (inclusive); absent if the period has no lower bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    /// End of the period (exclusive).
    to: Timestamp,
}

/// Parameters of a reindex.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Reindex")]
pub(crate) struct ReindexBody {
    /// Id of the market; absent if everything is rebuilt.
    #[serde(skip_serializing_if = "Option::is_none")]
    market_id: Option<MarketId>,
}

/// Parameters of a data export: none.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DataExport")]
pub(crate) struct DataExportBody {}

/// Progress of a job in rows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "JobProgress")]
pub(crate) struct ProgressBody {
    /// Number of rows written.
    done: u64,
    /// Approximate number of rows in total; absent until it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// Size of the result of a job.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "JobResult")]
pub(crate) struct ResultBody {
    /// Number of rows without the header row.
    rows: u64,
    /// Number of bytes with the header row.
    bytes: u64,
    /// Number of parts in which the result is downloaded.
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
        let (policy, progress) = (job.policy(), ProgressBody::from(&job));
        let result = (job.status == JobStatus::Succeeded).then(|| ResultBody::from(&job.output));
        Self {
            id: job.id,
            r#type: job.work.kind(),
            params: job.work.into(),
            priority: job.priority,
            status: job.status,
            attempts: job.attempts,
            max_attempts: policy.max_attempts,
            progress,
            last_error: job.last_error,
            result,
            notify: job.notify,
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

impl From<&Job> for ProgressBody {
    fn from(job: &Job) -> Self {
        Self { done: job.output.rows, total: job.total }
    }
}

impl From<&JobOutput> for ResultBody {
    fn from(output: &JobOutput) -> Self {
        Self { rows: output.rows, bytes: output.bytes, parts: parts(output.chunks) }
    }
}

impl From<JobParams> for ParamsBody {
    fn from(params: JobParams) -> Self {
        match params {
            JobParams::SalesReport(SalesReport { market_id, from, to }) => {
                Self::SalesReport(SalesReportBody { market_id, from, to })
            }
            JobParams::Reindex(Reindex { market_id }) => Self::Reindex(ReindexBody { market_id }),
            JobParams::DataExport(DataExport {}) => Self::DataExport(DataExportBody {}),
        }
    }
}
