//! Accounts and tokens as their holders see them.

use serde::Serialize;
use shared::clock::Timestamp;
use shared::command::Version;
use shared::domain::email::Email;
use shared::domain::text::Name;
use shared::domain::user::{Role, User, UserId, UserStatus};
use shared::http::{EntityTag, Resource};

/// An account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserBody {
    id: UserId,
    email: Email,
    email_verified: bool,
    name: Name,
    role: Role,
    status: UserStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: Version,
}

impl Resource for UserBody {
    fn location(&self) -> String {
        format!("/v1/users/{}", self.id)
    }

    fn tag(&self) -> EntityTag {
        EntityTag::of(self.version)
    }
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            role: user.role,
            status: user.status,
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}

/// What lets its holder act as a user.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensBody {
    /// Goes into the `Authorization` header.
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    /// How long the access token is valid, in seconds.
    pub(crate) expires_in: u64,
    /// Gets the next pair of tokens, once.
    pub(crate) refresh_token: String,
    pub(crate) user: UserBody,
}
