//! The function `api-auth`: registration, e-mail verification, sessions, password reset, and the public keys
//! of access tokens.

mod body;
mod confirm_password_reset;
mod jwks;
mod login;
mod logout;
mod refresh;
mod register;
mod request_password_reset;
mod state;
mod unsubscribe;
mod verify_email;

use shared::kit::error::ErrorCode;
use shared::kit::http::openapi::{ApiRouter, OperationDoc, RouteBuilder};

pub use crate::state::AuthState;

/// Adds the routes of the function.
pub fn routes<R: RouteBuilder<AuthState>>(routes: R) -> R {
    routes
        .post("/v1/auth/register", register::register_user, REGISTER)
        .post("/v1/auth/verify-email", verify_email::verify_email, VERIFY_EMAIL)
        .post("/v1/auth/login", login::log_in, LOG_IN)
        .post("/v1/auth/refresh", refresh::refresh_session, REFRESH)
        .post("/v1/auth/logout", logout::log_out, LOG_OUT)
        .post(
            "/v1/auth/password-reset",
            request_password_reset::request_password_reset,
            REQUEST_PASSWORD_RESET,
        )
        .post(
            "/v1/auth/password-reset/confirm",
            confirm_password_reset::confirm_password_reset,
            CONFIRM_PASSWORD_RESET,
        )
        .get("/v1/auth/unsubscribe", unsubscribe::get_unsubscribe_page, UNSUBSCRIBE_PAGE)
        .post("/v1/auth/unsubscribe", unsubscribe::unsubscribe, UNSUBSCRIBE)
        .get("/.well-known/jwks.json", jwks::get_jwks, JWKS)
}

const REGISTER: OperationDoc = OperationDoc::new("Register an account")
    .with_description(
        "Creates an account with the role `user`. No access token is needed.\n\n\
         A verification token is then sent to the e-mail address asynchronously; pass it to \
         `POST /v1/auth/verify-email`. The response does not contain tokens: log in with \
         `POST /v1/auth/login`. An e-mail address, compared without regard to case, can belong to one \
         account only: otherwise the request fails with `EMAIL_TAKEN`. Send an `Idempotency-Key` to \
         retry safely.",
    )
    .with_errors(&[ErrorCode::EmailTaken]);

const VERIFY_EMAIL: OperationDoc = OperationDoc::new("Verify an e-mail address")
    .with_description(
        "Marks the e-mail address of an account as verified, with the token that was sent to the \
         address. If the token was sent to a `pendingEmail`, that becomes the address of the account: log in \
         with it from then on. No access token is needed.\n\n\
         The token expires three days after it was issued (`TOKEN_EXPIRED`) and can be used once. \
         `INVALID_TOKEN` means that the token is malformed or was already used, or that the account \
         now has another address or another pending one. `EMAIL_TAKEN` means that another account has \
         the pending address. A password reset verifies the address as well.",
    )
    .with_errors(&[ErrorCode::InvalidToken, ErrorCode::TokenExpired, ErrorCode::EmailTaken]);

const LOG_IN: OperationDoc = OperationDoc::new("Log in")
    .with_description(
        "Starts a session and returns its access token and its first refresh token. Each login is a \
         separate session; an `Idempotency-Key` has no effect.\n\n\
         Send the access token with every further request as `Authorization: Bearer <accessToken>`. It \
         expires after 15 minutes; get the next one with `POST /v1/auth/refresh`. The session expires \
         after 30 days without a refresh.\n\n\
         An unknown address and a wrong password both fail with `INVALID_CREDENTIALS`. `FORBIDDEN` \
         means that the account is suspended, or that its e-mail address must be verified first. After \
         too many failed logins of the account or from the caller's network (IPv4 address or IPv6 /64), \
         logins fail with `TOO_MANY_ATTEMPTS`, even with the right password, until the time in \
         `Retry-After` has passed. Failed logins from other networks do not limit logins from a network \
         from which the account was used to log in or to reset its password within 90 days.",
    )
    .with_errors(&[ErrorCode::InvalidCredentials, ErrorCode::Forbidden, ErrorCode::TooManyAttempts]);

const REFRESH: OperationDoc = OperationDoc::new("Refresh the tokens of a session")
    .with_description(
        "Exchanges a refresh token for a new access token and the next refresh token, and extends the \
         session to 30 days from now. No access token is needed.\n\n\
         A refresh token can be used once. If the response is lost, repeat the request within 10 \
         seconds: it returns the same refresh token again. A later reuse ends the session \
         (`REFRESH_REUSED`), because the token may have been stolen. `TOKEN_REVOKED` means that the \
         session has ended or expired, or that the account is suspended or deleted; log in again.",
    )
    .with_errors(&[ErrorCode::InvalidToken, ErrorCode::TokenRevoked, ErrorCode::RefreshReused]);

const LOG_OUT: OperationDoc = OperationDoc::new("Log out")
    .with_description(
        "Ends the session of a refresh token. Any refresh token of the session is accepted, even one \
         that was already used, and no access token is needed.\n\n\
         Refresh tokens of the session fail with `TOKEN_REVOKED` from then on. Its access tokens \
         remain valid until they expire, at most 15 minutes later. Logging out again has no effect and \
         also returns 204.",
    )
    .with_errors(&[ErrorCode::InvalidToken]);

const REQUEST_PASSWORD_RESET: OperationDoc = OperationDoc::new("Request a password reset").with_description(
    "Sends an e-mail with a password-reset token to the address, if it belongs to an account. No \
     access token is needed.\n\n\
     The response is the same for known and unknown addresses. The e-mail is sent asynchronously, at \
     most one per minute and ten in 24 hours to an address; further requests are accepted but send \
     nothing. The token expires after one hour; pass it to `POST /v1/auth/password-reset/confirm` \
     together with the new password. An invited account without a password gets the e-mail as well: its \
     token replaces that of an invitation that was lost or has expired.",
);

const CONFIRM_PASSWORD_RESET: OperationDoc = OperationDoc::new("Set a new password")
    .with_description(
        "Sets a new password with the token of a password-reset e-mail, or the first one with the token of \
         an invitation. No access token is needed.\n\n\
         All sessions of the account end: their refresh tokens fail with `TOKEN_REVOKED`, and access \
         tokens expire after at most 15 minutes. The e-mail address counts as verified afterwards, and a \
         `pendingEmail` is cancelled. The token expires one hour after it was issued, that of an invitation \
         after seven days (`TOKEN_EXPIRED`). `INVALID_TOKEN` means that the token is malformed or was \
         already used, or that the password or the address has changed since. Log in with the new password \
         next.",
    )
    .with_errors(&[ErrorCode::InvalidToken, ErrorCode::TokenExpired]);

const UNSUBSCRIBE_PAGE: OperationDoc = OperationDoc::new("Show the unsubscribe page").with_description(
    "Returns a small HTML page with a button that sends `POST /v1/auth/unsubscribe` with the same token. \
     Notification e-mails link to this page. It changes nothing, because mail scanners open the links of \
     e-mails, and does not check the token. No access token is needed.",
);

const UNSUBSCRIBE: OperationDoc = OperationDoc::new("Unsubscribe from e-mail notifications")
    .with_description(
        "Turns off the notifications that the token names: for e-mails about sales, `notifications.sales` \
         of the account becomes `false`. No access token is needed. Mail programs send this request for \
         the `List-Unsubscribe` header of an e-mail (one-click unsubscription, RFC 8058); the body is \
         ignored.\n\n\
         The token does not expire and can be used repeatedly; it can do nothing else. `INVALID_TOKEN` \
         means that it is malformed or forged. The user turns the notifications on again with \
         `PATCH /v1/users/me`.",
    )
    .with_errors(&[ErrorCode::InvalidToken]);

const JWKS: OperationDoc = OperationDoc::new("Get the public keys of access tokens").with_description(
    "Returns the public keys with which any party can verify access tokens, as a JSON Web Key Set (RFC \
     7517), without the `data` envelope. No access token is needed.\n\n\
     Select the key by the `kid` of the token's header. The response may be cached for five minutes; \
     fetch it again if a token names an unknown key.",
);

/// Creates the router of the function.
pub fn router(app: AuthState) -> ApiRouter {
    routes(ApiRouter::new()).with_state(app)
}
