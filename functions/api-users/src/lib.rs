//! Accounts over HTTP: list, read, change, delete.

mod delete;
mod get;
mod list;
mod standing;
mod update;

use axum::Router;
use axum::routing::get;
use shared::api::App;
use shared::command::Store;
use shared::repository::total::TotalReader;
use shared::repository::user::UserReader;
use shared::repository::user::list::UserLister;

/// The routes of the function.
pub fn router<S: Store, Q: UserReader + UserLister + TotalReader>(app: App<S, Q>) -> Router {
    Router::new()
        .route("/v1/users", get(list::list_users))
        .route("/v1/users/me", get(get::get_own_user))
        .route(
            "/v1/users/{id}",
            get(get::get_user)
                .put(update::replace_user)
                .patch(update::patch_user)
                .delete(delete::delete_user),
        )
        .with_state(app)
}
