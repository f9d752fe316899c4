//! `DELETE /v1/users/{id}`: deletes an account.

use axum::extract::State;
use shared::api::permission::{UsersDelete, UsersRead};
use shared::api::{Authenticated, CommandState, Idempotent, PermissionForOthers, UserBody};
use shared::domain::user::UserId;
use shared::domain::user::delete::DeleteUser;
use shared::kit::command::Store;
use shared::kit::error::ApiError;
use shared::kit::http::{IfMatch, NoContent, Path};

/// Deletes the caller's own account or, with the permission, any account.
pub(crate) async fn delete_user(
    State(app): State<CommandState>,
    Authenticated(by): Authenticated,
    read: PermissionForOthers<UsersRead>,
    delete: PermissionForOthers<UsersDelete>,
    Path(id): Path<UserId>,
    if_match: IfMatch<UserBody>,
    Idempotent(context): Idempotent,
) -> Result<NoContent, ApiError> {
    let is_own = id == by.user;
    let (may_read, may_delete) = if is_own { (false, false) } else { (read.is_held()?, delete.is_held()?) };
    let may_be_permitted = is_own || may_delete;
    let has_open_markets = may_be_permitted && app.queries.reader.has_open_market(id).await?;
    let expected = if_match.expected();
    let command = DeleteUser { id, by, may_read, may_delete, has_open_markets, expected };
    let executed = app.store.execute(command, &context).await?;
    Ok(NoContent::deleted(&executed))
}
