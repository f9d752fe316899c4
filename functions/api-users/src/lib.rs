//! Accounts over HTTP: list, read, change, delete.

mod delete;
mod get;
mod list;
mod role_and_status;
mod update;

use axum::Router;
use shared::api::App;
use shared::kit::command::Store;
use shared::kit::error::Code;
use shared::kit::http::openapi::{About, Routes};
use shared::repository::projections::list_total::TotalReader;
use shared::repository::user::UserReader;
use shared::repository::user::list::UserLister;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store,
    Q: UserReader + UserLister + TotalReader,
    R: Routes<App<S, Q>>,
{
    routes
        .get("/v1/users", list::list_users, "List accounts")
        .get("/v1/users/me", get::get_own_user, About::new("Show your account").refusing(&[Code::NotFound]))
        .get("/v1/users/{id}", get::get_user, "Show an account")
        .put(
            "/v1/users/{id}",
            update::replace_user,
            change("Replace all that can be changed about an account"),
        )
        .patch("/v1/users/{id}", update::patch_user, change("Change some of an account"))
        .delete("/v1/users/{id}", delete::delete_user, DELETE)
}

const DELETE: About = About::new("Delete an account").refusing(&[Code::Forbidden]);

const fn change(summary: &'static str) -> About {
    About::new(summary).refusing(&[Code::Forbidden, Code::EmailTaken])
}

/// The function's router.
pub fn router<S, Q>(app: App<S, Q>) -> Router
where
    S: Store,
    Q: UserReader + UserLister + TotalReader,
{
    routes(Router::new()).with_state(app)
}
