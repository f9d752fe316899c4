//! Roles and statuses in requests.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::user::{Role, UserStatus};
use shared::kit::error::FieldErrors;

/// Role of an account.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
pub(crate) enum RoleRequest {
    User,
    Moderator,
    Admin,
}

/// Status of an account.
#[derive(Debug, Clone, Copy, Deserr, JsonSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schemars(rename_all = "lowercase", inline)]
pub(crate) enum StatusRequest {
    Active,
    Suspended,
}

impl From<RoleRequest> for Role {
    fn from(role: RoleRequest) -> Self {
        match role {
            RoleRequest::User => Self::User,
            RoleRequest::Moderator => Self::Moderator,
            RoleRequest::Admin => Self::Admin,
        }
    }
}

impl From<StatusRequest> for UserStatus {
    fn from(status: StatusRequest) -> Self {
        match status {
            StatusRequest::Active => Self::Active,
            StatusRequest::Suspended => Self::Suspended,
        }
    }
}
