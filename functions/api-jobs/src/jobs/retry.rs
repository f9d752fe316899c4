//! `POST /v1/jobs/{id}/retry`: a job that ended without a result is tried again.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::job::JobId;
use shared::domain::job::retry::{RetryJob, RetryJobError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use super::body::JobBody;

/// There is nothing to say about it.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RetryJobRequest {}

/// Asks once more for the job, which begins anew.
pub(crate) async fn retry_job<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<JobId>,
    Idempotent(cause): Idempotent,
    Json(RetryJobRequest {}): Json<RetryJobRequest>,
) -> Result<Versioned<JobBody>, ApiError> {
    let command = RetryJob { id, by: actor.user };
    let job = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(job.map(JobBody::from)))
}

fn refusal(error: RetryJobError) -> ApiError {
    match error {
        RetryJobError::NotFound => ApiError::not_found(),
        RetryJobError::NotEnded => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}
