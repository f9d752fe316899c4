//! `POST /v1/auth/password-reset/confirm`: a new password in place of a forgotten one.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::NonIdempotent;
use shared::domain::user::Credentials;
use shared::domain::user::password_reset::confirm::{ResetPassword, ResetPasswordError};
use shared::kit::auth::password::Password;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, NoContent};
use shared::repository::user::UserReader;

use crate::email_token;
use crate::state::AuthState;

/// What was sent to the address, and the password to come.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmPasswordResetRequest {
    token: String,
    password: Password,
}

/// Replaces the password and ends all sessions. The token is good once.
pub(crate) async fn confirm_password_reset<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    NonIdempotent(cause): NonIdempotent,
    Json(request): Json<ConfirmPasswordResetRequest>,
) -> Result<NoContent, ApiError> {
    let token = email_token::read(&request.token)?;
    let account = accounts.reader.account_by_id(token.user_id).await?;
    let (user, replacing) = account.ok_or_else(email_token::invalid)?;
    let believed = accounts.email_tokens.resets_password(&token, (&user, &replacing), cause.at);
    believed.map_err(email_token::refusal)?;
    let password_hash = accounts.hasher.hash(request.password).await.map_err(ApiError::internal)?;
    let credentials = Credentials { password_hash };
    let reset = ResetPassword { id: user.id, email: user.email, replacing, credentials };
    let done = accounts.store.execute(reset, &cause).await;
    done.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::no_content())
}

fn refusal(error: ResetPasswordError) -> ApiError {
    match error {
        ResetPasswordError::Spent => email_token::invalid(),
    }
}
