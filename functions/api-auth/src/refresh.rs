//! `POST /v1/auth/refresh`: the next pair of tokens.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::domain::session::TokenHash;
use shared::domain::session::rotate::{RotateError, RotateSession, Rotation};
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json};
use shared::repository::user::UserReader;

use crate::body::TokensBody;
use crate::state::{AuthState, session_of};

/// The token to be spent.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    refresh_token: String,
}

/// Spends a refresh token. Asked again within ten seconds, gives the same successor; later, ends the session.
pub(crate) async fn refresh_session<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    NonIdempotent(cause): NonIdempotent,
    Json(request): Json<RefreshRequest>,
) -> Result<ApiResponse<TokensBody>, ApiError> {
    let token = RefreshToken::read(&request.refresh_token, &accounts.seal).ok_or_else(unknown)?;
    let id = session_of(&token).ok_or_else(unknown)?;
    let successor = token.successor();
    let presented = TokenHash(token.issue(&accounts.seal).hash());
    let rotate =
        RotateSession { id, presented, successor: TokenHash(successor.issue(&accounts.seal).hash()) };
    let rotated = accounts.store.execute(rotate, &cause).await;
    match rotated.map_err(|error| error.map_refusal(refusal))?.into_output() {
        Rotation::Rotated(user) => {
            Ok(ApiResponse::ok(accounts.tokens(*user, &token.session, &successor, cause.at)?))
        }
        Rotation::Reused => Err(ApiError::new(
            ErrorCode::RefreshReused,
            "the refresh token was used before; the session is ended",
        )),
    }
}

fn unknown() -> ApiError {
    ApiError::new(ErrorCode::InvalidToken, "the refresh token is not valid")
}

fn refusal(error: RotateError) -> ApiError {
    match error {
        RotateError::Unknown => unknown(),
        RotateError::Ended => ApiError::new(ErrorCode::TokenRevoked, "the session has ended; log in again"),
    }
}
