//! `DELETE /v1/dead-letters/{id}`: nobody wants a message any more.

use axum::extract::State;
use shared::api::permission::JobsRedrive;
use shared::api::{AppState, Idempotent, RequirePermission};
use shared::kit::command::Store;
use shared::kit::error::ApiError;
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, NoContent, Path};
use shared::messaging::dead_letter::DeadLetterId;
use shared::messaging::dead_letter::remove::{RemoveDeadLetter, RemoveError};
use shared::repository::user::UserReader;

/// Removes the message for good, and keeps for ninety days who did so. One that was redriven is on its way all the same.
pub(crate) async fn delete_dead_letter<S: Store, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    permitted: RequirePermission<JobsRedrive>,
    Path(id): Path<DeadLetterId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = RemoveDeadLetter { id, expected: seen.expected(), by: permitted.actor.user };
    app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::no_content())
}

fn refusal(error: RemoveError) -> ApiError {
    match error {
        RemoveError::NotFound => ApiError::not_found(),
        RemoveError::VersionMismatch => version_mismatch(),
    }
}
