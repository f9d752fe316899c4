//! Accounts and sessions over HTTP: register, verify the address, log in, refresh, log out, choose a new password; and
//! the keys that tokens are verified with.

mod body;
mod confirm_password_reset;
mod email_token;
mod jwks;
mod login;
mod login_limits;
mod logout;
mod refresh;
mod register;
mod request_password_reset;
mod state;
mod verify_email;

use axum::Router;
use shared::kit::command::Store;
use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{OperationDoc, RouteBuilder};
use shared::kit::resilience::rate_limit::attempts::AtomicCounters;
use shared::repository::user::UserReader;

pub use crate::state::AuthState;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store + AtomicCounters,
    Q: UserReader,
    R: RouteBuilder<AuthState<S, Q>>,
{
    routes
        .post("/v1/auth/register", register::register_user, REGISTER)
        .post(
            "/v1/auth/verify-email",
            verify_email::verify_email,
            mailed("Show that an e-mail address is yours"),
        )
        .post("/v1/auth/login", login::log_in, LOG_IN)
        .post("/v1/auth/refresh", refresh::refresh_session, REFRESH)
        .post("/v1/auth/logout", logout::log_out, LOG_OUT)
        .post(
            "/v1/auth/password-reset",
            request_password_reset::request_password_reset,
            "Ask for a new password",
        )
        .post("/v1/auth/password-reset/confirm", confirm_password_reset::confirm_password_reset, RESET)
        .get(
            "/.well-known/jwks.json",
            jwks::get_jwks,
            "Show the keys that access tokens are verified with (RFC 7517)",
        )
}

const REGISTER: OperationDoc = OperationDoc::new("Open an account").with_errors(&[ErrorCode::EmailTaken]);
const LOG_IN: OperationDoc = OperationDoc::new("Begin a session").with_errors(&[
    ErrorCode::InvalidCredentials,
    ErrorCode::Forbidden,
    ErrorCode::TooManyAttempts,
]);
const REFRESH: OperationDoc = OperationDoc::new("Get the next pair of tokens").with_errors(&[
    ErrorCode::InvalidToken,
    ErrorCode::TokenRevoked,
    ErrorCode::RefreshReused,
]);
const LOG_OUT: OperationDoc = OperationDoc::new("End a session").with_errors(&[ErrorCode::InvalidToken]);
const RESET: OperationDoc = mailed("Set a new password; all sessions end");

const fn mailed(summary: &'static str) -> OperationDoc {
    OperationDoc::new(summary).with_errors(&[ErrorCode::InvalidToken, ErrorCode::TokenExpired])
}

/// The function's router.
pub fn router<S, Q>(accounts: AuthState<S, Q>) -> Router
where
    S: Store + AtomicCounters,
    Q: UserReader,
{
    routes(Router::new()).with_state(accounts)
}
