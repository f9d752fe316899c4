//! People with accounts.

pub mod delete;
pub mod grant_admin;
pub mod password_reset;
pub mod register;
pub mod rehash;
pub mod update;
pub mod verify;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::session::SessionEpoch;
use crate::domain::values::email::Email;
use crate::domain::values::id::{Id, Identified};
use crate::domain::values::text::Name;
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// The id of a [`User`].
pub type UserId = Id<User>;

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Counts its changes.
    pub version: Version,
    /// Unique among all accounts.
    pub email: Email,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// What the person is called.
    pub name: Name,
    /// What the account may do.
    pub role: Role,
    /// Whether the account may do anything at all.
    pub status: UserStatus,
    /// Sessions that were started under another count have ended.
    #[serde(default)]
    pub session_epoch: SessionEpoch,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Identified for User {
    const PREFIX: &'static str = "usr";
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys and sells.
    User,
    /// Also looks after what others do.
    Moderator,
    /// Also looks after the system.
    Admin,
}

impl Role {
    /// Every role, from the one that may least.
    pub const ALL: &'static [Self] = &[Self::User, Self::Moderator, Self::Admin];

    /// The role as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

/// Whether an account may do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// It may.
    Active,
    /// It may not, until it is reinstated.
    Suspended,
}

impl UserStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Active, Self::Suspended];

    /// The status as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// The proof that an address belongs to one account; unique by being under the address itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailClaim {
    /// Whose address it is.
    pub user_id: UserId,
}

/// What an account's password is checked against. Apart from the [`User`], so that it never travels with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// An argon2id hash in PHC string format, with its parameters and salt.
    pub password_hash: String,
}

impl Credentials {
    /// The attribute that a change of password is conditioned on.
    pub(super) const PASSWORD_HASH: &'static str = "passwordHash";
}

/// What others hear of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum UserEvent {
    /// An account was registered.
    #[serde(rename = "user.registered", rename_all = "camelCase")]
    Registered {
        /// Whose.
        user_id: UserId,
    },
    /// An account was changed; its address was not.
    #[serde(rename = "user.changed", rename_all = "camelCase")]
    Changed {
        /// Which.
        user_id: UserId,
    },
    /// An account got another address, which nobody has shown to be theirs yet.
    #[serde(rename = "user.email_changed", rename_all = "camelCase")]
    EmailChanged {
        /// Which.
        user_id: UserId,
    },
    /// An account was deleted.
    #[serde(rename = "user.deleted", rename_all = "camelCase")]
    Deleted {
        /// Which.
        user_id: UserId,
    },
}

impl UserEvent {
    /// The account that it is about.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        match self {
            Self::Registered { user_id }
            | Self::Changed { user_id }
            | Self::EmailChanged { user_id }
            | Self::Deleted { user_id } => *user_id,
        }
    }
}

impl Event for UserEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "user.registered",
            Self::Changed { .. } => "user.changed",
            Self::EmailChanged { .. } => "user.email_changed",
            Self::Deleted { .. } => "user.deleted",
        }
    }
}
