//! Response body of an account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::user::notifications::Notifications;
use crate::domain::user::{Role, User, UserId, UserStatus};
use crate::domain::values::email::UnicodeEmail;
use crate::domain::values::text::Name;
use crate::kit::command::Version;
use crate::kit::http::{EntityTag, Resource};
use crate::kit::system::clock::Timestamp;

/// User account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "User",
    extend("examples" = [{
        "id": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "email": "ada@example.com",
        "emailVerified": true,
        "name": "Ada Lovelace",
        "role": "user",
        "status": "active",
        "notifications": { "sales": true },
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:05:00.000Z",
        "version": 2,
    }])
)]
pub struct UserBody {
    /// Id of the account.
    id: UserId,
    /// E-mail address.
    email: UnicodeEmail,
    /// True if the e-mail address is verified.
    email_verified: bool,
    /// Requested e-mail address, which replaces `email` when it is verified. Present only while a change is
    /// pending, for the owner of the account and in the response to a change by an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_email: Option<UnicodeEmail>,
    /// Name of the user.
    name: Name,
    /// Role of the account.
    role: Role,
    /// Status of the account.
    status: UserStatus,
    /// E-mails that the user wants to receive.
    notifications: Notifications,
    /// Time of registration.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
    /// Version of the account, from 1.
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

impl UserBody {
    /// Body for the owner of the account, and for administrators that have changed it.
    #[must_use]
    pub fn with_pending_email(mut user: User) -> Self {
        let pending_email = user.pending_email.take().map(UnicodeEmail::from);
        Self { pending_email, ..user.into() }
    }
}

/// Body for other callers, without the pending address.
impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email.into(),
            email_verified: user.email_verified,
            pending_email: None,
            name: user.name,
            role: user.role,
            status: user.status,
            notifications: user.notifications,
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}
