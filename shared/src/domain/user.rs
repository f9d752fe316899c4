//! User accounts.

pub mod delete;
pub mod grant_admin;
pub mod invite;
pub mod notifications;
pub mod password_reset;
pub mod register;
pub mod rehash;
mod session_epoch;
pub mod update;
pub mod verify;

use schemars::JsonSchema;
pub use session_epoch::SessionEpoch;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

use crate::domain::user::notifications::Notifications;
use crate::domain::values::email::Email;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::text::Name;
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// Id of a [`User`].
pub type UserId = Id<User>;

/// User account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Id of the account.
    pub id: UserId,
    /// Version for optimistic locking.
    pub version: Version,
    /// E-mail address; unique among all accounts.
    pub email: Email,
    /// True if the owner has confirmed the e-mail address.
    pub email_verified: bool,
    /// Requested e-mail address, which has no effect until the owner has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<Email>,
    /// Name of the user.
    pub name: Name,
    /// Role, which determines the permissions.
    pub role: Role,
    /// Status; a suspended account has no access.
    pub status: UserStatus,
    /// Current session epoch. Sessions of earlier epochs are invalid.
    #[serde(default)]
    pub session_epoch: SessionEpoch,
    /// E-mails that the user wants to receive.
    #[serde(default)]
    pub notifications: Notifications,
    /// Time of registration.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Part of an account that lists show. Updates that do not change it, such as a new session epoch, write no
/// index entries.
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

impl Identified for User {
    const PREFIX: &'static str = "usr";
    const NOUN: &'static str = "account";
}

/// Role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(Display, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// Buys and sells.
    User,
    /// Also moderates: may read all orders and payments, and suspend users and markets.
    Moderator,
    /// Also administers the system.
    Admin,
}

/// Status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[derive(Display, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum UserStatus {
    /// The account has access.
    Active,
    /// The account has no access until it is reinstated.
    Suspended,
}

/// Claim of an account on an e-mail address. The address is its key, so only one account can claim it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailClaim {
    /// Id of the account.
    pub user_id: UserId,
}

/// Password hash of an account. Stored separately from [`User`], so that it is never read or returned with
/// it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// Argon2id hash in PHC string format, which includes parameters and salt, or
    /// `NO_PASSWORD`.
    pub password_hash: String,
}

impl Credentials {
    /// Stored instead of a hash if the account has no password. It is not in PHC string format, so no
    /// password matches it.
    const NO_PASSWORD: &'static str = "!";

    /// Credentials of an account whose owner has not set a password yet.
    #[must_use]
    pub fn without_password() -> Self {
        Self { password_hash: Self::NO_PASSWORD.to_owned() }
    }

    /// Hash of the password; `None` if the owner has not set one yet.
    #[must_use]
    pub fn password_hash(&self) -> Option<&str> {
        Some(self.password_hash.as_str()).filter(|hash| *hash != Self::NO_PASSWORD)
    }

    /// Attribute used in the condition of a password change.
    pub(super) const PASSWORD_HASH: &'static str = "passwordHash";
}

/// Event of a user account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum UserEvent {
    /// An account was registered.
    #[serde(rename = "user.registered", rename_all = "camelCase")]
    Registered {
        /// Id of the account.
        user_id: UserId,
    },
    /// An account was created for another person, who is invited to set the password.
    #[serde(rename = "user.invited", rename_all = "camelCase")]
    Invited {
        /// Id of the account.
        user_id: UserId,
    },
    /// An account was changed, except for its e-mail address.
    #[serde(rename = "user.changed", rename_all = "camelCase")]
    Changed {
        /// Id of the account.
        user_id: UserId,
    },
    /// Another e-mail address was requested for an account. It takes effect when it is verified.
    #[serde(rename = "user.email_change_requested", rename_all = "camelCase")]
    EmailChangeRequested {
        /// Id of the account.
        user_id: UserId,
    },
    /// The e-mail address of an account was changed to one that is verified.
    #[serde(rename = "user.email_changed", rename_all = "camelCase")]
    EmailChanged {
        /// Id of the account.
        user_id: UserId,
    },
    /// An account was deleted.
    #[serde(rename = "user.deleted", rename_all = "camelCase")]
    Deleted {
        /// Id of the account.
        user_id: UserId,
    },
}

impl UserEvent {
    /// Id of the account.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        match self {
            Self::Registered { user_id }
            | Self::Invited { user_id }
            | Self::Changed { user_id }
            | Self::EmailChangeRequested { user_id }
            | Self::EmailChanged { user_id }
            | Self::Deleted { user_id } => *user_id,
        }
    }
}

impl Event for UserEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "user.registered",
            Self::Invited { .. } => "user.invited",
            Self::Changed { .. } => "user.changed",
            Self::EmailChangeRequested { .. } => "user.email_change_requested",
            Self::EmailChanged { .. } => "user.email_changed",
            Self::Deleted { .. } => "user.deleted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{assert_names_are_types, user};

    #[test]
    fn string_forms_match_serialised_forms() {
        for role in Role::VARIANTS {
            assert_eq!(serde_json::to_value(role).unwrap(), role.to_string());
        }
        for status in UserStatus::VARIANTS {
            assert_eq!(serde_json::to_value(status).unwrap(), status.to_string());
        }
    }

    #[test]
    fn event_names_match_serialised_types() {
        let user_id = user().id;
        assert_names_are_types([
            UserEvent::Registered { user_id },
            UserEvent::Invited { user_id },
            UserEvent::Changed { user_id },
            UserEvent::EmailChangeRequested { user_id },
            UserEvent::EmailChanged { user_id },
            UserEvent::Deleted { user_id },
        ]);
    }
}
