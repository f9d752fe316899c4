//! Access checks: an entity exists and is visible to the actor, the actor may perform the operation, and the
//! entity is at the expected version.

pub mod active_account;

use crate::domain::values::actor::Permission;
use crate::domain::values::id::NamedId;
use crate::kit::command::{Version, VersionSet};

/// Reason why an actor cannot access an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The entity does not exist or is not visible to the actor; the message does not reveal which.
    #[error("{0} does not exist")]
    NotFound(NamedId),
    /// The actor may read the entity but not perform the operation, and no permission would allow it.
    /// Contains the rule that forbids it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The actor may read the entity but lacks the permission to perform the operation.
    #[error("the permission {0} is required")]
    MissingPermission(Permission),
    /// The entity is not at the expected version.
    #[error("{0} has changed since it was read; read it again")]
    VersionMismatch(NamedId),
}

impl AccessError {
    /// The entity with this id does not exist or is not visible to the actor.
    pub fn not_found(id: impl Into<NamedId>) -> Self {
        Self::NotFound(id.into())
    }
}

/// Checks that the actor may perform the operation.
///
/// # Errors
/// [`AccessError::Forbidden`] with `rule`.
pub const fn forbid_unless(permitted: bool, rule: &'static str) -> Result<(), AccessError> {
    if permitted { Ok(()) } else { Err(AccessError::Forbidden(rule)) }
}

/// Checks that the actor may perform the operation, which requires `permission` unless the entity is the
/// actor's own.
///
/// # Errors
/// [`AccessError::MissingPermission`].
pub const fn require_permission(permitted: bool, permission: Permission) -> Result<(), AccessError> {
    if permitted { Ok(()) } else { Err(AccessError::MissingPermission(permission)) }
}

/// Checks the current version of the entity with this id. Without expected versions, every version is accepted.
///
/// # Errors
/// [`AccessError::VersionMismatch`].
pub fn require_version(
    id: impl Into<NamedId>,
    current: Version,
    expected: Option<&VersionSet>,
) -> Result<(), AccessError> {
    if expected.is_none_or(|expected| expected.contains(current)) {
        Ok(())
    } else {
        Err(AccessError::VersionMismatch(id.into()))
    }
}
