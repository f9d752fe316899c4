//! `DELETE /v1/dead-letters/{id}`: removes the message of a dead letter.

use axum::extract::State;
use shared::api::permission::JobsRedrive;
use shared::api::{CommandState, Idempotent, RequirePermission};
use shared::kit::command::Store;
use shared::kit::error::ApiError;
use shared::kit::http::{IfMatch, NoContent, Path};
use shared::messaging::dead_letter::DeadLetterId;
use shared::messaging::dead_letter::remove::RemoveDeadLetter;

use super::body::DeadLetterBody;

/// Removes the message permanently and records who removed it. A message that was already redriven is
/// processed nevertheless.
pub(crate) async fn delete_dead_letter(
    State(app): State<CommandState>,
    authorized: RequirePermission<JobsRedrive>,
    Path(id): Path<DeadLetterId>,
    if_match: IfMatch<DeadLetterBody>,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = RemoveDeadLetter { id, expected: if_match.expected(), by: authorized.actor.user };
    let executed = app.store.execute(command, &context).await?;
    Ok(NoContent::deleted(&executed))
}
