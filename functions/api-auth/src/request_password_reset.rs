//! `POST /v1/auth/password-reset`: sends a password-reset token by e-mail.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use serde::Serialize;
use shared::api::NonIdempotent;
use shared::domain::user::password_reset::request::RequestPasswordReset;
use shared::domain::values::email::Email;
use shared::domain::values::id::Id;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{Accepted, ApiResponse, Json};

use crate::state::AuthState;

/// Account whose password is to be reset.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "email": "ada@example.com" }])
)]
pub(crate) struct PasswordResetRequest {
    /// E-mail address of the account.
    email: Email,
}

/// Acknowledgement, which is the same whether or not the address belongs to an account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PasswordReset", extend("examples" = [{ "message": MESSAGE }]))]
pub(crate) struct PasswordResetBody {
    /// Message for the user.
    message: &'static str,
}

const MESSAGE: &str = "if the address belongs to an account, an e-mail with a token will be sent to it";

/// Requests an e-mail with a reset token, if the address belongs to an account. The response and the requests
/// to the table are the same in either case.
pub(crate) async fn request_password_reset(
    State(app): State<AuthState>,
    NonIdempotent(context): NonIdempotent,
    Json(request): Json<PasswordResetRequest>,
) -> Result<Accepted<PasswordResetBody>, ApiError> {
    let pseudonym = app.mac_key.pseudonym("password-reset", &[request.email.as_str().as_bytes()]);
    let command = RequestPasswordReset { id: Id::of_digest(pseudonym), email: request.email };
    app.store.execute(command, &context).await?;
    Ok(ApiResponse::accepted(PasswordResetBody { message: MESSAGE }))
}
