//! `DELETE /v1/jobs/{id}`: deletes a job with its result.

use axum::extract::State;
use shared::api::{Authenticated, CommandState, Idempotent};
use shared::domain::job::JobId;
use shared::domain::job::delete::DeleteJob;
use shared::kit::error::ApiError;
use shared::kit::http::{IfMatch, NoContent, Path};

use super::body::JobBody;

/// Deletes a job of the caller that has ended.
pub(crate) async fn delete_job(
    State(app): State<CommandState>,
    Authenticated(actor): Authenticated,
    Path(id): Path<JobId>,
    if_match: IfMatch<JobBody>,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let command = DeleteJob { id, by: actor.user, expected: if_match.expected() };
    let executed = app.execute_as(&actor, command, &context).await?;
    Ok(NoContent::deleted(&executed))
}
