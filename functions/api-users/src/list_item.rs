//! Representation of an account in lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::domain::user::{Role, User, UserId, UserStatus, UserSummary};
use shared::domain::values::email::UnicodeEmail;
use shared::domain::values::text::Name;
use shared::kit::command::Version;
use shared::kit::system::clock::Timestamp;

/// Account in a list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "UserListItem",
    extend("examples" = [{
        "id": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS",
        "email": "ada@example.com",
        "emailVerified": true,
        "name": "Ada Lovelace",
        "role": "user",
        "status": "active",
        "createdAt": "2027-01-15T08:00:00.000Z",
    }])
)]
pub(crate) struct UserListItem {
    /// Id of the account.
    id: UserId,
    /// E-mail address.
    email: UnicodeEmail,
    /// True if the e-mail address is verified.
    email_verified: bool,
    /// Name of the user.
    name: Name,
    /// Role of the account.
    role: Role,
    /// Status of the account.
    status: UserStatus,
    /// Time of registration.
    created_at: Timestamp,
    /// Time of the last change; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// Version of the account; present only if `fields` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
}

impl UserListItem {
    /// Fields that are not part of the summary: returned only if the caller names them, because the accounts
    /// themselves must be read.
    pub(crate) const DETAILS: [&str; 2] = ["updatedAt", "version"];

    /// Combines a summary with the account, if it was read.
    pub(crate) fn new(summary: UserSummary, details: Option<&User>) -> Self {
        let UserSummary { id, email, email_verified, name, role, status, created_at } = summary;
        let (updated_at, version) = (details.map(|user| user.updated_at), details.map(|user| user.version));
        Self { id, email: email.into(), email_verified, name, role, status, created_at, updated_at, version }
    }
}
