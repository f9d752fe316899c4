//! `POST /v1/auth/register`: registers an account.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Idempotent, UserBody};
use shared::domain::user::register::RegisterUser;
use shared::domain::user::{Credentials, Role};
use shared::domain::values::email::Email;
use shared::domain::values::id::Id;
use shared::domain::values::text::Name;
use shared::kit::auth::password::Password;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};

use crate::state::AuthState;

/// Account to register.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "email": "ada@example.com",
        "password": "correct horse battery",
        "name": "Ada Lovelace",
    }])
)]
pub(crate) struct RegisterRequest {
    /// E-mail address, with only ASCII characters before the `@`; at most one account can have it.
    email: Email,
    /// Password: 8 to 128 characters, at most 1024 bytes in UTF-8, without control characters.
    password: Password,
    /// Name of the user, 1 to 100 characters.
    name: Name,
}

/// Registers an account. Its e-mail address must not belong to another account.
pub(crate) async fn register_user(
    State(app): State<AuthState>,
    Idempotent(context): Idempotent,
    Json(request): Json<RegisterRequest>,
) -> Result<Created<UserBody>, ApiError> {
    let password_hash = app.hasher.hash(request.password).await.map_err(ApiError::internal)?;
    let command = RegisterUser {
        id: Id::generate(context.at, &app.entropy),
        email: request.email,
        name: request.name,
        role: Role::User,
        credentials: Credentials { password_hash },
    };
    let registered = app.store.execute(command, &context).await?;
    Ok(ApiResponse::created(registered.map(UserBody::from)))
}
