//! Access checks: a resource exists and is visible to the actor, the actor may perform the operation, and the
//! resource is at the expected version.

use crate::kit::command::Version;

/// Reason why an actor cannot access a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The resource does not exist or is not visible to the actor.
    #[error("resource not found")]
    NotFound,
    /// The actor may read the resource but not perform the operation. Contains the rule that forbids it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The resource is not at the expected version.
    #[error("the resource was changed meanwhile")]
    VersionMismatch,
}

/// Checks that the actor may perform the operation.
///
/// # Errors
/// [`AccessError::Forbidden`] with `rule`.
pub const fn forbid_unless(permitted: bool, rule: &'static str) -> Result<(), AccessError> {
    if permitted { Ok(()) } else { Err(AccessError::Forbidden(rule)) }
}

/// Checks the current version of a resource. Without an expected version, every version is accepted.
///
/// # Errors
/// [`AccessError::VersionMismatch`].
pub fn require_version(current: Version, expected: Option<Version>) -> Result<(), AccessError> {
    if expected.is_none_or(|expected| expected == current) {
        Ok(())
    } else {
        Err(AccessError::VersionMismatch)
    }
}
