//! An account as its holder sees it, and those who look after accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::user::{Role, User, UserId, UserStatus};
use crate::domain::values::email::Email;
use crate::domain::values::text::Name;
use crate::kit::command::Version;
use crate::kit::http::{EntityTag, Resource};
use crate::kit::system::clock::Timestamp;

/// An account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "User")]
pub struct UserBody {
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
