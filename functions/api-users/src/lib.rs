//! Accounts over HTTP: list, read, change, delete.

mod delete;
mod get;
mod list;
mod role_and_status;
mod update;

use axum::Router;
use shared::api::AppState;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{OperationDoc, RouteBuilder};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::UserReader;
use shared::repository::user::list::UserListReader;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: UserReader + UserListReader + TotalReader,
    R: RouteBuilder<AppState<S, Q>>,
{
    routes
        .get("/v1/users", list::list_users, "List accounts")
        .get(
            "/v1/users/me",
            get::get_current_user,
            OperationDoc::new("Show your account").with_errors(&[ErrorCode::NotFound]),
        )
        .get("/v1/users/{id}", get::get_user, "Show an account")
        .put(
            "/v1/users/{id}",
            update::replace_user,
            change("Replace all that can be changed about an account"),
        )
        .patch("/v1/users/{id}", update::patch_user, change("Change some of an account"))
        .delete("/v1/users/{id}", delete::delete_user, DELETE)
}

const DELETE: OperationDoc = OperationDoc::new("Delete an account").with_errors(&[ErrorCode::Forbidden]);

const fn change(summary: &'static str) -> OperationDoc {
    OperationDoc::new(summary).with_errors(&[ErrorCode::Forbidden, ErrorCode::EmailTaken])
}

/// The function's router.
pub fn router<S, Q>(app: AppState<S, Q>) -> Router
where
    S: Store,
    Q: UserReader + UserListReader + TotalReader,
{
    routes(Router::new()).with_state(app)
}
