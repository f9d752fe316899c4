//! `PUT` and `PATCH /v1/users/{id}`, `PATCH /v1/users/me`: updates the caller's own account or, with the
//! permission, any account.

use axum::extract::State;
use deserr::Deserr;
use schemars::JsonSchema;
use shared::api::deserialize::NonNull;
use shared::api::permission::{UsersRead, UsersSuspend, UsersUpdate};
use shared::api::{Authenticated, HasPermission, Idempotent, UserBody};
use shared::domain::user::notifications::NotificationChanges;
use shared::domain::user::update::{UpdateUser, UserAdminRights, UserChanges};
use shared::domain::user::{Role, UserId, UserStatus};
use shared::domain::values::email::Email;
use shared::domain::values::text::Name;
use shared::kit::auth::password::Password;
use shared::kit::command::Store;
use shared::kit::error::{ApiError, FieldErrors};
use shared::kit::http::{ApiResponse, IfMatch, Json, Path, RequestInfo, Versioned};

use crate::role_and_status::{RoleRequest, StatusRequest};
use crate::state::UsersState;

/// Properties of an account that its owner can change.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [{
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "currentPassword": "correct horse battery",
    }])
)]
pub(crate) struct ReplaceUserRequest {
    /// E-mail address. A new address becomes `pendingEmail` until it is verified.
    email: Email,
    /// Name of the user, 1 to 100 characters.
    name: Name,
    /// Current password of the caller. Required if `email` is not the current address.
    #[deserr(default)]
    #[schemars(default)]
    current_password: NonNull<Password>,
}

/// Changes to an account, as a JSON Merge Patch (RFC 7396). Absent fields keep their values.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(
    rename_all = "camelCase",
    deny_unknown_fields,
    extend("examples" = [
        { "name": "Ada King" },
        { "email": "ada@example.org", "currentPassword": "correct horse battery" },
        { "status": "suspended" },
        { "notifications": { "sales": false } },
    ])
)]
pub(crate) struct PatchUserRequest {
    /// E-mail address. A new address becomes `pendingEmail` until it is verified.
    #[deserr(default)]
    #[schemars(default)]
    email: NonNull<Email>,
    /// Current password of the caller. Required if `email` is not the current address.
    #[deserr(default)]
    #[schemars(default)]
    current_password: NonNull<Password>,
    /// Name of the user, 1 to 100 characters.
    #[deserr(default)]
    #[schemars(default)]
    name: NonNull<Name>,
    /// Role. Accounts cannot change their own role.
    #[deserr(default)]
    #[schemars(default)]
    role: NonNull<RoleRequest>,
    /// Status. Accounts cannot change their own status. `suspended` ends all sessions of the account.
    #[deserr(default)]
    #[schemars(default)]
    status: NonNull<StatusRequest>,
    /// E-mails that the user wants to receive. Absent topics keep their values.
    #[deserr(default)]
    #[schemars(default)]
    notifications: NonNull<NotificationsRequest>,
}

/// Changes to the notification settings.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, inline)]
pub(crate) struct NotificationsRequest {
    /// True to receive e-mails about sales: new orders, and cancellations of orders by buyers.
    #[deserr(default)]
    #[schemars(default)]
    sales: NonNull<bool>,
}

/// Permissions of the caller on the accounts of other users.
type Permissions = (HasPermission<UsersRead>, HasPermission<UsersSuspend>, HasPermission<UsersUpdate>);

/// Content of a request.
pub(crate) struct RequestedUpdate {
    changes: UserChanges,
    current_password: Option<Password>,
}

/// Updates an account: its e-mail address and name, or single properties.
pub(crate) async fn update_user<R: Into<RequestedUpdate>>(
    State(app): State<UsersState>,
    (Authenticated(by), info): (Authenticated, RequestInfo),
    (read, suspend, update): Permissions,
    Path(id): Path<UserId>,
    if_match: IfMatch<UserBody>,
    Idempotent(context): Idempotent,
    Json(request): Json<R>,
) -> Result<Versioned<UserBody>, ApiError> {
    let rights =
        UserAdminRights { read: read.is_held(), suspend: suspend.is_held(), update: update.is_held() };
    let RequestedUpdate { changes, current_password } = request.into();
    let reauthentication = app.reauthenticate(by.user, current_password, &info).await?;
    let expected = if_match.expected();
    let command = UpdateUser { id, by, rights, reauthentication, expected, changes };
    let changed = app.commands.store.execute(command, &context).await?;
    let sees_pending_email = id == by.user || rights.update;
    Ok(ApiResponse::updated(changed.map(if sees_pending_email {
        UserBody::with_pending_email
    } else {
        UserBody::from
    })))
}

/// Updates single properties of the caller's own account.
pub(crate) async fn update_current_user(
    State(app): State<UsersState>,
    (Authenticated(by), info): (Authenticated, RequestInfo),
    if_match: IfMatch<UserBody>,
    Idempotent(context): Idempotent,
    Json(request): Json<PatchUserRequest>,
) -> Result<Versioned<UserBody>, ApiError> {
    let RequestedUpdate { changes, current_password } = request.into();
    let reauthentication = app.reauthenticate(by.user, current_password, &info).await?;
    let (rights, expected) = (UserAdminRights::default(), if_match.expected());
    let command = UpdateUser { id: by.user, by, rights, reauthentication, expected, changes };
    let changed = app.commands.store.execute(command, &context).await?;
    Ok(ApiResponse::updated(changed.map(UserBody::with_pending_email)))
}

impl From<ReplaceUserRequest> for RequestedUpdate {
    fn from(ReplaceUserRequest { email, name, current_password }: ReplaceUserRequest) -> Self {
        let changes = UserChanges { email: Some(email), name: Some(name), ..UserChanges::default() };
        Self { changes, current_password: current_password.0 }
    }
}

impl From<PatchUserRequest> for RequestedUpdate {
    fn from(request: PatchUserRequest) -> Self {
        let changes = UserChanges {
            email: request.email.0,
            name: request.name.0,
            role: request.role.0.map(Role::from),
            status: request.status.0.map(UserStatus::from),
            notifications: NotificationChanges {
                sales: request.notifications.0.and_then(|notifications| notifications.sales.0),
            },
        };
        Self { changes, current_password: request.current_password.0 }
    }
}
