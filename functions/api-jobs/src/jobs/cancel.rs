//! `POST /v1/jobs/{id}/cancel`: a job is called off.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{AppState, Authenticated, Idempotent};
use shared::domain::job::JobId;
use shared::domain::job::cancel::{CancelJob, CancelJobError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use super::body::JobBody;

/// There is nothing to say about it.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub(crate) struct CancelJobRequest {}

/// Calls the job off. What it has written is forgotten in its time.
pub(crate) async fn cancel_job<S: Store, Q: Clone + Send + Sync + 'static>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    Path(id): Path<JobId>,
    Idempotent(cause): Idempotent,
    Json(CancelJobRequest {}): Json<CancelJobRequest>,
) -> Result<Versioned<JobBody>, ApiError> {
    let command = CancelJob { id, by: actor.user };
    let job = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(job.map(JobBody::from)))
}

fn refusal(error: CancelJobError) -> ApiError {
    match error {
        CancelJobError::NotFound => ApiError::not_found(),
        CancelJobError::Over => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}
