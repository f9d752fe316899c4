//! `POST /v1/auth/logout`: ends a session.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::domain::session::end::EndSession;
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, NoContent};

use crate::state::{AuthState, session_key};

/// Refresh token of the session to end.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "refreshToken": "<refresh token>" }])
)]
pub(crate) struct LogoutRequest {
    /// Any refresh token of the session, even one that was already used.
    refresh_token: String,
}

/// Ends the session of the token. Its access tokens remain valid until they expire.
pub(crate) async fn log_out(
    State(app): State<AuthState>,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<LogoutRequest>,
) -> Result<NoContent, ApiError> {
    let token = RefreshToken::verify(&request.refresh_token, &app.mac_key);
    let id = token.as_ref().and_then(session_key);
    let id = id.ok_or_else(|| ApiError::new(ErrorCode::InvalidToken, "the refresh token is not valid"))?;
    app.store.execute(EndSession { id }, &context).await?;
    Ok(ApiResponse::no_content())
}
