//! `POST /v1/auth/register`: somebody opens an account.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::{Idempotent, UserBody};
use shared::domain::user::register::{RegisterError, RegisterUser};
use shared::domain::user::{Credentials, Role};
use shared::domain::values::email::Email;
use shared::domain::values::id::Id;
use shared::domain::values::text::Name;
use shared::kit::auth::password::Password;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};
use shared::repository::user::UserReader;

use crate::state::AuthState;

/// An account to be opened.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegisterRequest {
    email: Email,
    password: Password,
    name: Name,
}

/// Opens an account. Its address must not belong to another.
pub(crate) async fn register_user<S: Store, Q: UserReader>(
    State(accounts): State<AuthState<S, Q>>,
    Idempotent(cause): Idempotent,
    Json(request): Json<RegisterRequest>,
) -> Result<Created<UserBody>, ApiError> {
    let password_hash = accounts.hasher.hash(request.password).await.map_err(ApiError::internal)?;
    let command = RegisterUser {
        id: Id::generate(cause.at, &accounts.entropy),
        email: request.email,
        name: request.name,
        role: Role::User,
        credentials: Credentials { password_hash },
    };
    let registered =
        accounts.store.execute(command, &cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::created(registered.map(UserBody::from)))
}

fn refusal(error: RegisterError) -> ApiError {
    match error {
        RegisterError::EmailTaken => ApiError::new(ErrorCode::EmailTaken, error.to_string()),
    }
}
