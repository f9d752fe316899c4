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
use shared::kit::error::Code;
use shared::kit::http::openapi::{About, Routes};
use shared::kit::resilience::rate_limit::attempts::JointCounters;
use shared::repository::user::UserReader;

pub use crate::state::Accounts;

/// The routes of the function.
pub fn routes<S, Q, R>(routes: R) -> R
where
    S: Store + JointCounters,
    Q: UserReader,
    R: Routes<Accounts<S, Q>>,
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

const REGISTER: About = About::new("Open an account").refusing(&[Code::EmailTaken]);
const LOG_IN: About = About::new("Begin a session").refusing(&[
    Code::InvalidCredentials,
    Code::Forbidden,
    Code::TooManyAttempts,
]);
const REFRESH: About = About::new("Get the next pair of tokens").refusing(&[
    Code::InvalidToken,
    Code::TokenRevoked,
    Code::RefreshReused,
]);
const LOG_OUT: About = About::new("End a session").refusing(&[Code::InvalidToken]);
const RESET: About = mailed("Set a new password; all sessions end");

const fn mailed(summary: &'static str) -> About {
    About::new(summary).refusing(&[Code::InvalidToken, Code::TokenExpired])
}

/// The function's router.
pub fn router<S, Q>(accounts: Accounts<S, Q>) -> Router
where
    S: Store + JointCounters,
    Q: UserReader,
{
    routes(Router::new()).with_state(accounts)
}
