//! `POST /v1/auth/refresh`: exchanges a refresh token for the next pair of tokens.

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

use crate::body::TokensBody;
use crate::state::{AuthState, session_key};

/// Refresh token to exchange.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "refreshToken": "<refresh token>" }])
)]
pub(crate) struct RefreshRequest {
    /// Refresh token of the last login or refresh.
    refresh_token: String,
}

/// Exchanges a refresh token. A repetition within ten seconds returns the same successor; a later one ends
/// the session.
pub(crate) async fn refresh_session(
    State(app): State<AuthState>,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<RefreshRequest>,
) -> Result<ApiResponse<TokensBody>, ApiError> {
    let token = RefreshToken::verify(&request.refresh_token, &app.mac_key).ok_or(RotateError::Unknown)?;
    let id = session_key(&token).ok_or(RotateError::Unknown)?;
    let successor = token.successor();
    let presented = TokenHash(token.issue(&app.mac_key).hash());
    let rotate = RotateSession { id, presented, successor: TokenHash(successor.issue(&app.mac_key).hash()) };
    match app.store.execute(rotate, &context).await?.into_output() {
        Rotation::Rotated(user) => {
            Ok(ApiResponse::ok(app.tokens(*user, &token.session, &successor, context.at)?))
        }
        Rotation::Reused => Err(ApiError::new(
            ErrorCode::RefreshReused,
            "the refresh token was already used; the session has ended",
        )),
    }
}
