//! `POST /v1/dead-letters/{id}/redrive`: sends the message of a dead letter to its queue again.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::JobsRedrive;
use shared::api::{CommandState, IdempotencyKeyRequired, RequirePermission};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Path, Versioned};
use shared::messaging::dead_letter::DeadLetterId;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;

use super::body::SummaryBody;

/// Empty object; the body can be omitted.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[schemars(deny_unknown_fields, extend("examples" = [{}]))]
pub(crate) struct RedriveDeadLetterRequest {}

/// Sends the unchanged message to its queue again. If it fails again, its dead letter has the status `dead`
/// again.
pub(crate) async fn redrive_dead_letter(
    State(app): State<CommandState>,
    authorized: RequirePermission<JobsRedrive>,
    Path(id): Path<DeadLetterId>,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(RedriveDeadLetterRequest {}): Json<RedriveDeadLetterRequest>,
) -> Result<Versioned<SummaryBody>, ApiError> {
    let command = RedriveDeadLetter { id, by: authorized.actor.user };
    let redriven = app.store.execute(command, &context).await?;
    Ok(ApiResponse::updated(redriven.map(SummaryBody::from)))
}
