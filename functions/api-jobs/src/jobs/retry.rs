//! `POST /v1/jobs/{id}/retry`: retries a job that ended without a result.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, CommandState, Idempotent};
use shared::domain::job::JobId;
use shared::domain::job::retry::RetryJob;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use super::body::JobBody;

/// Empty object; the body can be omitted.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields, extend("examples" = [{}]))]
pub(crate) struct RetryJobRequest {}

/// Requests the job again; it starts from the beginning.
pub(crate) async fn retry_job(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<JobId>,
    Idempotent(context): Idempotent,
    Json(RetryJobRequest {}): Json<RetryJobRequest>,
) -> Result<Versioned<JobBody>, ApiError> {
    let open_jobs = app.queries.reader.count_open_jobs(actor.user, context.at).await?;
    let command = RetryJob { id, by: actor.user, open_jobs };
    let job = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(job.map(JobBody::from)))
}
