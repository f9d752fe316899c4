//! Request body of a new job: `type` selects the parameters that are accepted.

use deserr::{Deserr, IntoValue, Map, Value, ValuePointerRef};
use schemars::JsonSchema;
use shared::domain::job::Priority;
use shared::domain::job::create::RequestedWork;
use shared::domain::job::job_type::{DataExport, JobType, Reindex};
use shared::domain::market::MarketId;
use shared::kit::error::FieldErrors;
use shared::kit::error::field_errors::combine;
use shared::kit::system::clock::Timestamp;

/// Background job to create.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "type": "sales_report",
    "params": {
        "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "from": "2027-01-01T00:00:00.000Z",
        "to": "2027-02-01T00:00:00.000Z",
    },
    "notify": true,
}]))]
pub(crate) struct CreateJobRequest {
    #[schemars(flatten)]
    pub(crate) work: WorkRequest,
    #[schemars(flatten)]
    pub(crate) options: JobOptions,
}

/// Type of the job and its parameters.
#[derive(Debug, JsonSchema)]
#[schemars(tag = "type", content = "params", rename_all = "snake_case")]
pub(crate) enum WorkRequest {
    /// A sales report of one market.
    SalesReport(SalesReportRequest),
    /// A rebuild of the search entries and totals of one market, or of everything.
    Reindex(ReindexRequest),
    /// An export of all data of the caller's account.
    DataExport(DataExportRequest),
}

/// Parameters of a sales report: the orders of a market in a period.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SalesReportRequest {
    /// Id of the market.
    market_id: MarketId,
    /// Start of the period (inclusive). By default, the period has no lower bound.
    #[deserr(default)]
    from: Option<Timestamp>,
    /// End of the period (exclusive), later than `from`. By default, `runAt` or the time of the request.
    #[deserr(default)]
    to: Option<Timestamp>,
}

/// Parameters of a reindex.
#[derive(Debug, Default, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReindexRequest {
    /// Id of the market. By default, all markets and accounts.
    #[deserr(default)]
    market_id: Option<MarketId>,
}

/// Parameters of a data export: an empty object.
#[derive(Debug, Default, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub(crate) struct DataExportRequest {}

/// Options common to all types.
#[derive(Debug, Default, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase")]
pub(crate) struct JobOptions {
    /// Priority. By default, the priority of the type. A higher one requires the permission
    /// `jobs:prioritize`.
    #[deserr(default)]
    pub(crate) priority: Option<Priority>,
    /// Time at which the job is to run: in the future, and at most 30 days ahead. By default, the job runs at
    /// once, or after the delay of its type.
    #[deserr(default)]
    pub(crate) run_at: Option<Timestamp>,
    /// Requests an e-mail to the caller when the job has `succeeded`, `failed` or is `dead`.
    #[deserr(default)]
    #[schemars(default)]
    pub(crate) notify: bool,
}

impl Deserr<FieldErrors> for CreateJobRequest {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        at: ValuePointerRef,
    ) -> Result<Self, FieldErrors> {
        let Value::Map(mut fields) = value else { return Err(FieldErrors::new("body", "must be an object")) };
        let (job_type, params) = (fields.remove("type"), fields.remove("params"));
        let work = work(job_type, params, at);
        let options = JobOptions::deserialize_from_value(Value::<V>::Map(fields), at);
        combine(work, options).map(|(work, options)| Self { work, options })
    }
}

/// Parses the parameters as those of the type. With an invalid type, the parameters are not checked.
fn work<V: IntoValue>(
    job_type: Option<V>,
    params: Option<V>,
    at: ValuePointerRef,
) -> Result<WorkRequest, FieldErrors> {
    let job_type = job_type.ok_or_else(|| FieldErrors::new("type", "is required"))?;
    let job_type = JobType::deserialize_from_value(job_type.into_value(), at.push_key("type"))?;
    let params = params.ok_or_else(|| FieldErrors::new("params", "is required"))?.into_value();
    let at = at.push_key("params");
    match job_type {
        JobType::SalesReport => Deserr::deserialize_from_value(params, at).map(WorkRequest::SalesReport),
        JobType::Reindex => Deserr::deserialize_from_value(params, at).map(WorkRequest::Reindex),
        JobType::DataExport => Deserr::deserialize_from_value(params, at).map(WorkRequest::DataExport),
    }
}

impl From<WorkRequest> for RequestedWork {
    fn from(work: WorkRequest) -> Self {
        match work {
            WorkRequest::SalesReport(SalesReportRequest { market_id, from, to }) => {
                Self::SalesReport { market_id, from, to }
            }
            WorkRequest::Reindex(ReindexRequest { market_id }) => Self::Reindex(Reindex { market_id }),
            WorkRequest::DataExport(DataExportRequest {}) => Self::DataExport(DataExport {}),
        }
    }
}
