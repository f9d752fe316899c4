//! `POST /v1/jobs`: creates a background job.

use axum::extract::State;
use shared::api::permission::{JobsPrioritize, JobsReindex, OrdersReadAny};
use shared::api::{Authenticated, CommandState, HasPermission, IdempotencyKeyRequired};
use shared::domain::job::create::CreateJob;
use shared::domain::values::id::Id;
use shared::kit::error::ApiError;
use shared::kit::http::{AcceptedResource, ApiResponse, Json};

use super::body::JobBody;
use super::request::CreateJobRequest;

/// Permissions of the caller that the creation of a job can require.
type Permissions = (HasPermission<OrdersReadAny>, HasPermission<JobsReindex>, HasPermission<JobsPrioritize>);

/// Creates a job, whose progress can be polled at the address in `Location`.
pub(crate) async fn create_job(
    State(app): State<CommandState>,
    Authenticated(by): Authenticated,
    (read_any, reindex, prioritize): Permissions,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(CreateJobRequest { work, options }): Json<CreateJobRequest>,
) -> Result<AcceptedResource<JobBody>, ApiError> {
    let command = CreateJob {
        id: Id::generate(context.at, &app.entropy),
        by,
        reads_any: read_any.is_held(),
        reindexes: reindex.is_held(),
        prioritizes: prioritize.is_held(),
        open_jobs: app.queries.reader.count_open_jobs(by.user, context.at).await?,
        work: work.into(),
        priority: options.priority,
        run_at: options.run_at,
        notify: options.notify,
    };
    let created = app.execute_as(&by, command, &context).await?;
    Ok(ApiResponse::accepted_resource(created.map(JobBody::from)))
}
