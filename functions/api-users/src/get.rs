//! `GET /v1/users/me` and `GET /v1/users/{id}`: one account, for its holder and those who may read any.

use axum::extract::State;
use shared::api::permission::UsersRead;
use shared::api::{App, Authenticated, May, UserBody};
use shared::domain::user::UserId;
use shared::kit::error::ApiError;
use shared::kit::http::{IfNoneMatch, ItemQuery, Path, Reply, Shown};
use shared::repository::user::UserReader;

/// Shows the caller's own account.
pub(crate) async fn get_own_user<S: Clone + Send + Sync + 'static, Q: UserReader>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    asked: ItemQuery<UserBody>,
    known: IfNoneMatch,
) -> Result<Shown<UserBody>, ApiError> {
    show(&app.reader, actor.user, asked, &known).await
}

/// Shows an account.
pub(crate) async fn get_user<S: Clone + Send + Sync + 'static, Q: UserReader>(
    State(app): State<App<S, Q>>,
    Authenticated(actor): Authenticated,
    reads_any: May<UsersRead>,
    Path(id): Path<UserId>,
    asked: ItemQuery<UserBody>,
    known: IfNoneMatch,
) -> Result<Shown<UserBody>, ApiError> {
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
) -> Result<Shown<UserBody>, ApiError> {
    let user = reader.current_user(id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Reply::shown(UserBody::from(user)).only(asked.fields).unless(known))
}
