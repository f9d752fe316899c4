//! `POST /v1/dead-letters/{id}/redrive`: a message is tried again.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::JobsRedrive;
use shared::api::{AppState, IdempotencyKeyRequired, RequirePermission};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};
use shared::messaging::dead_letter::DeadLetterId;
use shared::messaging::dead_letter::redrive::{RedriveDeadLetter, RedriveError};
use shared::repository::user::UserReader;

use super::body::SummaryBody;

/// There is nothing to say about it.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RedriveDeadLetterRequest {}

/// Sends the message back to its queue, as it was. Should it die again, its letter says so.
pub(crate) async fn redrive_dead_letter<S: Store, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    permitted: RequirePermission<JobsRedrive>,
    Path(id): Path<DeadLetterId>,
    IdempotencyKeyRequired(cause): IdempotencyKeyRequired,
    Json(RedriveDeadLetterRequest {}): Json<RedriveDeadLetterRequest>,
) -> Result<Versioned<SummaryBody>, ApiError> {
    let command = RedriveDeadLetter { id, by: permitted.actor.user };
    let redriven = app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(redriven.map(SummaryBody::from)))
}

fn refusal(error: RedriveError) -> ApiError {
    match error {
        RedriveError::NotFound => ApiError::not_found(),
        RedriveError::AlreadyRedriven => ApiError::new(ErrorCode::InvalidState, error.to_string()),
    }
}
