//! Accounts and sessions over HTTP: register, login, refresh, logout, and the keys that tokens are verified with.

mod accounts;
mod body;
mod jwks;
mod login;
mod logout;
mod refresh;
mod register;

use axum::Router;
use axum::routing::{get, post};
use shared::command::Store;
use shared::repository::user::UserReader;

pub use accounts::Accounts;

/// The routes of the function.
pub fn router<S: Store, Q: UserReader>(accounts: Accounts<S, Q>) -> Router {
    Router::new()
        .route("/v1/auth/register", post(register::register_user))
        .route("/v1/auth/login", post(login::log_in))
        .route("/v1/auth/refresh", post(refresh::refresh_session))
        .route("/v1/auth/logout", post(logout::log_out))
        .route("/.well-known/jwks.json", get(jwks::get_jwks))
        .with_state(accounts)
}
