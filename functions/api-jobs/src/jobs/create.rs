//! `POST /v1/jobs`: creates a background job.

use axum::Extension;
use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::OrdersReadAny;
use shared::api::{Authenticated, CommandState, HasPermission, IdempotencyKeyRequired};
use shared::domain::job::create::CreateJob;
use shared::domain::job::job_type::JobType;
use shared::domain::job::output::retention::Retention;
use shared::domain::job::{JobId, Priority};
use shared::domain::market::MarketId;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{AcceptedResource, ApiResponse, Json};
use shared::kit::system::clock::Timestamp;

use super::body::JobBody;

/// Background job to create.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "type": "sales_report",
        "params": {
            "marketId": "mkt_01J8Z3K5V0ABCDEFGHJKMNPQRS",
            "from": "2027-01-01T00:00:00.000Z",
            "to": "2027-02-01T00:00:00.000Z",
        },
    }])
)]
pub(crate) struct CreateJobRequest {
    /// Type of the job.
    #[deserr(rename = "type")]
    r#type: JobType,
    /// Parameters of the job.
    params: SalesReportRequest,
    /// Priority; by default `normal`.
    #[deserr(default)]
    #[schemars(default)]
    priority: Priority,
    /// Time at which the job is to run: in the future, and at most 30 days ahead. By default, the job runs at
    /// once.
    #[deserr(default)]
    run_at: Option<Timestamp>,
}

/// Parameters of a sales report: the orders of a market in a period.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct SalesReportRequest {
    /// Id of the market.
    market_id: MarketId,
    /// Start of the period (inclusive). By default, the period has no lower bound.
    #[deserr(default)]
    from: Option<Timestamp>,
    /// End of the period (exclusive), later than `from`. By default, `runAt` or the time of the request.
    #[deserr(default)]
    to: Option<Timestamp>,
}

/// Creates a job, whose progress can be polled at the address in `Location`.
pub(crate) async fn create_job(
    State(app): State<CommandState>,
    Extension(retention): Extension<Retention>,
    Authenticated(actor): Authenticated,
    read_any: HasPermission<OrdersReadAny>,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(request): Json<CreateJobRequest>,
) -> Result<AcceptedResource<JobBody>, ApiError> {
    let id = Id::generate(context.at, &app.entropy);
    let command = request.into_command(id, actor, read_any.is_held(), retention);
    let created = app.store.execute(command, &context).await?;
    Ok(ApiResponse::accepted_resource(created.map(JobBody::from)))
}

impl CreateJobRequest {
    fn into_command(self, id: JobId, by: Actor, reads_any: bool, retention: Retention) -> CreateJob {
        let Self { r#type: JobType::SalesReport, params, priority, run_at } = self;
        let SalesReportRequest { market_id, from, to } = params;
        CreateJob { id, by, reads_any, market_id, from, to, priority, run_at, retention }
    }
}
