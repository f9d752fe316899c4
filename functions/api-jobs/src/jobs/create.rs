//! `POST /v1/jobs`: somebody asks for work that takes longer than a request.

use axum::Extension;
use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::OrdersReadAny;
use shared::api::{AppState, Authenticated, HasPermission, IdempotencyKeyRequired};
use shared::domain::job::create::{CreateJob, RequestJobError};
use shared::domain::job::job_type::JobType;
use shared::domain::job::output::retention::Retention;
use shared::domain::job::{JobId, Priority};
use shared::domain::market::MarketId;
use shared::domain::values::actor::Actor;
use shared::domain::values::id::Id;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{AcceptedResource, ApiResponse, Json};
use shared::kit::system::clock::Timestamp;
use shared::repository::user::UserReader;

use super::body::JobBody;

/// What is to be done, and when.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateJobRequest {
    #[deserr(rename = "type")]
    r#type: JobType,
    params: SalesReportRequest,
    #[deserr(default)]
    #[schemars(default)]
    priority: Priority,
    /// In the future, at most 30 days ahead; at once, if it is left out.
    #[deserr(default)]
    run_at: Option<Timestamp>,
}

/// Which orders are reported.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
struct SalesReportRequest {
    market_id: MarketId,
    /// Orders that were placed then or later.
    #[deserr(default)]
    from: Option<Timestamp>,
    /// Orders that were placed before; before the job is run, if it is left out.
    #[deserr(default)]
    to: Option<Timestamp>,
}

/// Asks for a job; what comes of it is seen where `Location` says.
pub(crate) async fn create_job<S: Store, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    Extension(retention): Extension<Retention>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<OrdersReadAny>,
    IdempotencyKeyRequired(cause): IdempotencyKeyRequired,
    Json(request): Json<CreateJobRequest>,
) -> Result<AcceptedResource<JobBody>, ApiError> {
    let id = Id::generate(cause.at, &app.entropy);
    let command = request.into_command(id, (actor, reads_any.is_held()), retention);
    let begun = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::accepted_resource(begun.map(JobBody::from)))
}

impl CreateJobRequest {
    fn into_command(self, id: JobId, (by, reads_any): (Actor, bool), retention: Retention) -> CreateJob {
        let Self { r#type: JobType::SalesReport, params, priority, run_at } = self;
        let SalesReportRequest { market_id, from, to } = params;
        CreateJob { id, by, reads_any, market_id, from, to, priority, run_at, retention }
    }
}

fn refusal(error: RequestJobError) -> ApiError {
    match error {
        RequestJobError::NotFound => ApiError::not_found(),
        RequestJobError::NotTheSeller => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        RequestJobError::InvalidRunAt => ApiError::field("runAt", error),
        RequestJobError::InvalidPeriod => ApiError::field("params.to", error),
    }
}
