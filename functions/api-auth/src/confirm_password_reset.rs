//! `POST /v1/auth/password-reset/confirm`: sets a new password with a reset token.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::api::email_token::{EmailTokenError, UnverifiedToken};
use shared::domain::session::known_network::KnownNetworkKey;
use shared::domain::user::Credentials;
use shared::domain::user::password_reset::confirm::ResetPassword;
use shared::kit::auth::password::Password;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, NoContent, RequestInfo};
use shared::repository::user::UserReader;

use crate::state::AuthState;

/// Reset token and new password.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "token": "<token from the e-mail>",
        "password": "a new pass phrase",
    }])
)]
pub(crate) struct ConfirmPasswordResetRequest {
    /// Token from the password-reset e-mail.
    token: String,
    /// New password: 8 to 128 characters, at most 1024 bytes in UTF-8, without control characters.
    password: Password,
}

/// Replaces the password and ends all sessions. The token can be used once.
pub(crate) async fn confirm_password_reset(
    State(app): State<AuthState>,
    info: RequestInfo,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<ConfirmPasswordResetRequest>,
) -> Result<NoContent, ApiError> {
    let token = UnverifiedToken::parse(&request.token).ok_or(EmailTokenError::Invalid)?;
    let account = app.reader.account_by_id(token.user_id).await?;
    let (user, replacing) = account.ok_or(EmailTokenError::Invalid)?;
    app.email_tokens.resets_password(&token, &user, &replacing, context.at)?;
    let password_hash = app.hasher.hash(request.password).await.map_err(ApiError::internal)?;
    let credentials = Credentials { password_hash };
    let network = app.login_limits.digest(&info.client_network());
    let network = KnownNetworkKey { user_id: user.id, network };
    let reset = ResetPassword { id: user.id, email: user.email, replacing, credentials, network };
    app.store.execute(reset, &context).await?;
    Ok(ApiResponse::no_content())
}
