//! `POST /v1/auth/verify-email`: verifies an e-mail address.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{NonIdempotent, UserBody};
use shared::domain::user::verify::{VerifyEmail, VerifyEmailError};
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Json, Versioned};
use shared::repository::user::UserReader;

use crate::email_token;
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

/// Marks the address as verified. The token can be used once.
pub(crate) async fn verify_email(
    State(app): State<AuthState>,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<Versioned<UserBody>, ApiError> {
    let token = email_token::parse(&request.token)?;
    let user = app.reader.user(token.user_id).await?.ok_or_else(email_token::invalid)?;
    app.email_tokens.verifies_email(&token, &user, context.at).map_err(email_token::refusal)?;
    let verify = VerifyEmail { id: user.id, email: user.email };
    let verified = app.store.execute(verify, &context).await;
    let verified = verified.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(verified.map(UserBody::from)))
}

fn refusal(error: VerifyEmailError) -> ApiError {
    match error {
        VerifyEmailError::TokenOutdated => email_token::invalid(),
    }
}
