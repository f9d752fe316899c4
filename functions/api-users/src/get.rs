//! `GET /v1/users/me` and `GET /v1/users/{id}`: returns an account.

use axum::extract::State;
use shared::api::permission::UsersRead;
use shared::api::{Authenticated, HasPermission, QueryState, UserBody};
use shared::domain::access::AccessError;
use shared::domain::user::UserId;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::user::UserReader;

/// Returns the caller's own account.
pub(crate) async fn get_current_user(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    query: ItemQuery<UserBody>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<UserBody>, ApiError> {
    load(&app.reader, actor.user, actor.user, query, &if_none_match).await
}

/// Returns an account.
pub(crate) async fn get_user(
    State(app): State<QueryState>,
    Authenticated(actor): Authenticated,
    read_any: HasPermission<UsersRead>,
    Path(id): Path<UserId>,
    query: ItemQuery<UserBody>,
    if_none_match: IfNoneMatch,
) -> Result<Versioned<UserBody>, ApiError> {
    if id != actor.user && !read_any.is_held() {
        return Err(AccessError::not_found(id).into());
    }
    load(&app.reader, id, actor.user, query, &if_none_match).await
}

async fn load(
    reader: &DynamoReader,
    id: UserId,
    caller: UserId,
    query: ItemQuery<UserBody>,
    if_none_match: &IfNoneMatch,
) -> Result<Versioned<UserBody>, ApiError> {
    let user = reader.displayed_user(id).await?.ok_or_else(|| AccessError::not_found(id))?;
    let body = if id == caller { UserBody::with_pending_email(user) } else { UserBody::from(user) };
    Ok(ApiResponse::versioned(body).with_fields(query.fields).not_modified_if(if_none_match))
}
