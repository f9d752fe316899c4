//! `DELETE /v1/users/{id}`: the end of an account.

use axum::extract::State;
use shared::api::permission::{UsersDelete, UsersRead, token_revoked};
use shared::api::{AppState, Authenticated, HasPermission, Idempotent};
use shared::domain::user::UserId;
use shared::domain::user::delete::{DeleteUser, DeleteUserError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, NoContent, Path};
use shared::repository::user::UserReader;

/// Deletes an account, one's own or, with the permission, anybody's.
pub(crate) async fn delete_user<S: Store, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    (reads, deletes): (HasPermission<UsersRead>, HasPermission<UsersDelete>),
    Path(id): Path<UserId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
) -> Result<NoContent, ApiError> {
    let (may_read, may_delete) = (reads.is_held(), deletes.is_held());
    let command = DeleteUser { id, by, may_read, may_delete, expected: seen.expected() };
    app.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::no_content())
}

fn refusal(error: DeleteUserError) -> ApiError {
    match error {
        DeleteUserError::NotFound => ApiError::not_found(),
        DeleteUserError::NotPermitted => ApiError::new(ErrorCode::Forbidden, error.to_string()),
        DeleteUserError::Suspended => token_revoked(),
        DeleteUserError::VersionMismatch => version_mismatch(),
    }
}
