//! `POST /v1/auth/verify-email`: somebody shows that an address is theirs.

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

/// What was sent to the address.
#[derive(Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VerifyEmailRequest {
    token: String,
}

/// Notes that the address is verified. The token is good once.
pub(crate) async fn verify_email<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    NonIdempotent(cause): NonIdempotent,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<Versioned<UserBody>, ApiError> {
    let token = email_token::read(&request.token)?;
    let user = accounts.reader.user(token.user_id).await?.ok_or_else(email_token::invalid)?;
    accounts.email_tokens.verifies_email(&token, &user, cause.at).map_err(email_token::refusal)?;
    let verify = VerifyEmail { id: user.id, email: user.email };
    let verified = accounts.store.execute(verify, &cause).await;
    let verified = verified.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(verified.map(UserBody::from)))
}

fn refusal(error: VerifyEmailError) -> ApiError {
    match error {
        VerifyEmailError::Spent => email_token::invalid(),
    }
}
