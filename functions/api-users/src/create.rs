//! `POST /v1/users`: creates an account for another person.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::permission::UsersCreate;
use shared::api::{CommandState, IdempotencyKeyRequired, RequirePermission, UserBody};
use shared::domain::user::Role;
use shared::domain::user::invite::InviteUser;
use shared::domain::values::email::Email;
use shared::domain::values::id::Id;
use shared::domain::values::text::Name;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, Created, Json};

use crate::role_and_status::RoleRequest;

/// Account to create.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{ "email": "grace@example.com", "name": "Grace Hopper", "role": "moderator" }])
)]
pub(crate) struct CreateUserRequest {
    /// E-mail address, to which the invitation is sent; at most one account can have it.
    email: Email,
    /// Name of the user, 1 to 100 characters.
    name: Name,
    /// Role of the account.
    role: RoleRequest,
}

/// Creates an account without a password; an event causes the invitation.
pub(crate) async fn create_user(
    State(app): State<CommandState>,
    _: RequirePermission<UsersCreate>,
    IdempotencyKeyRequired(context): IdempotencyKeyRequired,
    Json(CreateUserRequest { email, name, role }): Json<CreateUserRequest>,
) -> Result<Created<UserBody>, ApiError> {
    let command =
        InviteUser { id: Id::generate(context.at, &app.entropy), email, name, role: Role::from(role) };
    let created = app.store.execute(command, &context).await?;
    Ok(ApiResponse::created(created.map(UserBody::from)))
}
