//! Accounts and sessions over HTTP: register, verify the address, log in, refresh, log out, choose a new password; and
//! the keys that tokens are verified with.

mod accounts;
mod attempts;
mod body;
mod confirm_password_reset;
mod jwks;
mod login;
mod logout;
mod mailed;
mod refresh;
mod register;
mod request_password_reset;
mod verify_email;

use axum::Router;
use axum::routing::{get, post};
use shared::command::Store;
use shared::limit::attempts::JointCounters;
use shared::repository::user::UserReader;

pub use accounts::Accounts;

/// The routes of the function.
pub fn router<S: Store + JointCounters, Q: UserReader>(accounts: Accounts<S, Q>) -> Router {
    Router::new()
        .route("/v1/auth/register", post(register::register_user))
        .route("/v1/auth/verify-email", post(verify_email::verify_email))
        .route("/v1/auth/login", post(login::log_in))
        .route("/v1/auth/refresh", post(refresh::refresh_session))
        .route("/v1/auth/logout", post(logout::log_out))
        .route("/v1/auth/password-reset", post(request_password_reset::request_password_reset))
        .route("/v1/auth/password-reset/confirm", post(confirm_password_reset::confirm_password_reset))
        .route("/.well-known/jwks.json", get(jwks::get_jwks))
        .with_state(accounts)
}
