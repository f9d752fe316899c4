//! `POST /v1/jobs/{id}/cancel`: cancels a job.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Authenticated, CommandState, Idempotent};
use shared::domain::job::JobId;
use shared::domain::job::cancel::CancelJob;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};

use super::body::JobBody;

/// Empty object; the body can be omitted.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields, extend("examples" = [{}]))]
pub(crate) struct CancelJobRequest {}

/// Cancels the job. Output written so far is never returned and expires with the job.
pub(crate) async fn cancel_job(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<JobId>,
    Idempotent(context): Idempotent,
    Json(CancelJobRequest {}): Json<CancelJobRequest>,
) -> Result<Versioned<JobBody>, ApiError> {
    let command = CancelJob { id, by: actor.user };
    let job = app.execute_as(&actor, command, &context).await?;
    Ok(ApiResponse::updated(job.map(JobBody::from)))
}
