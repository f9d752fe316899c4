//! `POST /v1/auth/logout`: the end of a session.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::domain::session::end::{EndSession, EndSessionError};
use shared::kit::auth::refresh_token::RefreshToken;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Json, NoContent};
use shared::repository::user::UserReader;

use crate::state::{AuthState, session_of};

/// Any refresh token of the session.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LogoutRequest {
    refresh_token: String,
}

/// Ends the session that the token belongs to; its access tokens run out by themselves.
pub(crate) async fn log_out<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    NonIdempotent(cause): NonIdempotent,
    Json(request): Json<LogoutRequest>,
) -> Result<NoContent, ApiError> {
    let token = RefreshToken::read(&request.refresh_token, &accounts.seal);
    let id = token.as_ref().and_then(session_of);
    let id = id.ok_or_else(|| ApiError::new(ErrorCode::InvalidToken, "the refresh token is not valid"))?;
    let ended = accounts.store.execute(EndSession { id }, &cause).await;
    ended.map_err(|error| error.map_refusal(|never: EndSessionError| -> ApiError { match never {} }))?;
    Ok(ApiResponse::no_content())
}
