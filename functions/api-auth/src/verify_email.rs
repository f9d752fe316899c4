//! `POST /v1/auth/verify-email`: verifies the current or the pending e-mail address of an account.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::email_token::{EmailTokenError, UnverifiedToken};
use shared::api::{NonIdempotent, UserBody};
use shared::domain::user::verify::VerifyEmail;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Versioned};
use shared::repository::user::UserReader;

use crate::state::AuthState;

/// Verification token.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "token": "<token from the e-mail>" }])
)]
pub(crate) struct VerifyEmailRequest {
    /// Token from the verification e-mail.
    token: String,
}

/// Marks the address as verified, or replaces it with the pending one. The token can be used once.
pub(crate) async fn verify_email(
    State(app): State<AuthState>,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<Versioned<UserBody>, ApiError> {
    let token = UnverifiedToken::parse(&request.token).ok_or(EmailTokenError::Invalid)?;
    let user = app.reader.user(token.user_id).await?.ok_or(EmailTokenError::Invalid)?;
    let email = app.email_tokens.verifies_email(&token, &user, context.at)?;
    let verify = VerifyEmail { id: user.id, email };
    let verified = app.store.execute(verify, &context).await?;
    Ok(ApiResponse::updated(verified.map(UserBody::with_pending_email)))
}
