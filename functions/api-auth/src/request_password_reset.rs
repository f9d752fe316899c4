//! `POST /v1/auth/password-reset`: somebody has forgotten a password.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::NonIdempotent;
use shared::domain::user::password_reset::request::{RequestPasswordReset, RequestPasswordResetError};
use shared::domain::values::email::Email;
use shared::domain::values::id::Id;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{Accepted, ApiResponse, Json};
use shared::repository::user::UserReader;

use crate::state::AuthState;

/// Whose.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordResetRequest {
    email: Email,
}

/// What everybody is told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PasswordReset")]
pub(crate) struct PasswordResetBody {
    message: &'static str,
}

/// Has a message sent to the address, if it belongs to an account. The answer is the same in either case, and takes the
/// same requests to the table.
pub(crate) async fn request_password_reset<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    NonIdempotent(cause): NonIdempotent,
    Json(request): Json<PasswordResetRequest>,
) -> Result<Accepted<PasswordResetBody>, ApiError> {
    let pseudonym = accounts.seal.pseudonym("password-reset", &[request.email.as_str().as_bytes()]);
    let command = RequestPasswordReset { id: Id::of_digest(pseudonym), email: request.email };
    let asked = accounts.store.execute(command, &cause).await;
    asked.map_err(|error| {
        error.map_refusal(|never: RequestPasswordResetError| -> ApiError { match never {} })
    })?;
    let message = "if the address belongs to an account, a message with a token is on its way to it";
    Ok(ApiResponse::accepted(PasswordResetBody { message }))
}
