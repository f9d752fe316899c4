//! `PUT` and `PATCH /v1/users/{id}`: people change their accounts; those who may, change the accounts of others.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::NonNull;
use shared::api::permission::{UsersRead, UsersSuspend, UsersUpdate, token_revoked};
use shared::api::{AppState, Authenticated, HasPermission, Idempotent, UserBody};
use shared::domain::user::update::{UpdateUser, UpdateUserError, UserAdminRights, UserChanges};
use shared::domain::user::{Role, UserId, UserStatus};
use shared::domain::values::email::Email;
use shared::domain::values::text::Name;
use shared::kit::command::{CommandContext, Store};
use shared::kit::error::{ApiError, ErrorCode, FieldErrors};
use shared::kit::http::request::precondition::version_mismatch;
use shared::kit::http::{ApiResponse, IfMatch, Json, Path, Versioned};
use shared::repository::user::UserReader;

use crate::role_and_status::{RoleRequest, StatusRequest};

/// All that people can change about an account.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReplaceUserRequest {
    email: Email,
    name: Name,
}

/// What changes about an account: a merge patch.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchUserRequest {
    #[deserr(default)]
    #[schemars(default)]
    email: NonNull<Email>,
    #[deserr(default)]
    #[schemars(default)]
    name: NonNull<Name>,
    /// Of somebody else.
    #[deserr(default)]
    #[schemars(default)]
    role: NonNull<RoleRequest>,
    /// Of somebody else.
    #[deserr(default)]
    #[schemars(default)]
    status: NonNull<StatusRequest>,
}

/// What the caller may do to the accounts of others.
type Permissions = (HasPermission<UsersRead>, HasPermission<UsersSuspend>, HasPermission<UsersUpdate>);

/// Replaces what people can change about an account.
pub(crate) async fn replace_user<S: Store, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    permissions: Permissions,
    Path(id): Path<UserId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
    Json(ReplaceUserRequest { email, name }): Json<ReplaceUserRequest>,
) -> Result<Versioned<UserBody>, ApiError> {
    let changes = UserChanges { email: Some(email), name: Some(name), ..UserChanges::default() };
    let (powers, expected) = (powers(permissions), seen.expected());
    change_user(&app.store, UpdateUser { id, by, powers, expected, changes }, &cause).await
}

/// Changes some of an account.
pub(crate) async fn patch_user<S: Store, Q: UserReader>(
    State(app): State<AppState<S, Q>>,
    Authenticated(by): Authenticated,
    permissions: Permissions,
    Path(id): Path<UserId>,
    seen: IfMatch,
    Idempotent(cause): Idempotent,
    Json(PatchUserRequest { email, name, role, status }): Json<PatchUserRequest>,
) -> Result<Versioned<UserBody>, ApiError> {
    let (role, status) = (role.0.map(Role::from), status.0.map(UserStatus::from));
    let changes = UserChanges { email: email.0, name: name.0, role, status };
    let (powers, expected) = (powers(permissions), seen.expected());
    change_user(&app.store, UpdateUser { id, by, powers, expected, changes }, &cause).await
}

async fn change_user(
    store: &impl Store,
    command: UpdateUser,
    cause: &CommandContext,
) -> Result<Versioned<UserBody>, ApiError> {
    let changed = store.execute(command, cause).await.map_err(|error| error.map_refusal(refusal))?;
    Ok(ApiResponse::updated(changed.map(UserBody::from)))
}

const fn powers((read, suspend, update): Permissions) -> UserAdminRights {
    UserAdminRights { read: read.is_held(), suspend: suspend.is_held(), update: update.is_held() }
}

fn refusal(error: UpdateUserError) -> ApiError {
    let says = error.to_string();
    match error {
        UpdateUserError::NotFound => ApiError::not_found(),
        UpdateUserError::OwnRoleOrStatus { role, status } => {
            let named = [("role", role), ("status", status)].into_iter().filter(|(_, given)| *given);
            ApiError::validation(named.map(|(field, _)| (field.to_owned(), says.clone())).collect())
        }
        UpdateUserError::NotPermitted => ApiError::new(ErrorCode::Forbidden, says),
        UpdateUserError::Suspended => token_revoked(),
        UpdateUserError::VersionMismatch => version_mismatch(),
        UpdateUserError::EmailTaken => ApiError::new(ErrorCode::EmailTaken, says),
    }
}
