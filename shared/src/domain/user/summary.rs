//! Summary of an account: the part that lists show.

use serde::{Deserialize, Serialize};

use super::{Role, User, UserId, UserStatus};
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::system::clock::Timestamp;

/// Part of an account that lists show. Updates that change nothing of it, such as a new session epoch, write
/// no index entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserSummary {
    /// Id of the account.
    pub id: UserId,
    /// E-mail address.
    pub email: Email,
    /// True if the owner has confirmed the e-mail address.
    pub email_verified: bool,
    /// Name of the user.
    pub name: Name,
    /// Role.
    pub role: Role,
    /// Status.
    pub status: UserStatus,
    /// Time of registration.
    pub created_at: Timestamp,
}

impl From<&User> for UserSummary {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            email_verified: user.email_verified,
            name: user.name.clone(),
            role: user.role,
            status: user.status,
            created_at: user.created_at,
        }
    }
}
