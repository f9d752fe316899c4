//! `GET /v1/users/me` and `GET /v1/users/{id}`: one account, for its holder and those who may read any.

use axum::extract::State;
use shared::api::permission::UsersRead;
use shared::api::{AppState, Authenticated, HasPermission, UserBody};
use shared::domain::user::UserId;
use shared::kit::error::ApiError;
use shared::kit::http::{ApiResponse, IfNoneMatch, ItemQuery, Path, Versioned};
use shared::repository::user::UserReader;

/// Shows the caller's own account.
pub(crate) async fn get_current_user<S: Clone + Send + Sync + 'static, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    asked: ItemQuery<UserBody>,
    known: IfNoneMatch,
) -> Result<Versioned<UserBody>, ApiError> {
    show(&app.reader, actor.user, asked, &known).await
}

/// Shows an account.
pub(crate) async fn get_user<S: Clone + Send + Sync + 'static, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: HasPermission<UsersRead>,
    Path(id): Path<UserId>,
    asked: ItemQuery<UserBody>,
    known: IfNoneMatch,
) -> Result<Versioned<UserBody>, ApiError> {
    if id != actor.user && !reads_any.is_held() {
        return Err(ApiError::not_found());
    }
    show(&app.reader, id, asked, &known).await
}

async fn show(
    reader: &impl UserReader,
    id: UserId,
    asked: ItemQuery<UserBody>,
    known: &IfNoneMatch,
) -> Result<Versioned<UserBody>, ApiError> {
    let user = reader.user(id).await?.ok_or_else(ApiError::not_found)?;
    Ok(ApiResponse::versioned(UserBody::from(user)).with_fields(asked.fields).not_modified_if(known))
}
