//! Password resets.

pub mod confirm;
pub mod request;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UserId;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// Minimum time between two password-reset e-mails to the same address.
pub const RESEND_COOLDOWN: Duration = Duration::from_mins(1);

/// Time for which a request is stored. It exceeds the retention of message idempotency records, so that the
/// version never restarts while a record of an event with the same number exists.
const RETENTION: Duration = MESSAGE_RETENTION.saturating_add(Duration::from_hours(24));

/// Id of a [`PasswordReset`]: a digest of the e-mail address, so that it does not reveal the address.
pub type PasswordResetId = Id<PasswordReset>;

/// Request for a password reset for an e-mail address, whether or not an account uses the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordReset {
    /// Digest of the e-mail address.
    pub id: PasswordResetId,
    /// Number of requests.
    pub version: Version,
    /// Time of the last request.
    pub requested_at: Timestamp,
    /// Time from which the record may be deleted.
    pub expires_at: Timestamp,
}

impl Identified for PasswordReset {
    const PREFIX: &'static str = "pwr";
    const NOUN: &'static str = "password reset";
}

/// Event of a password reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum PasswordResetEvent {
    /// A password reset was requested for an account.
    #[serde(rename = "user.password_reset_requested", rename_all = "camelCase")]
    Requested {
        /// Id of the account.
        user_id: UserId,
    },
    /// A password reset was requested for an address without an account.
    #[serde(rename = "user.password_reset_unknown_email")]
    UnknownEmail,
}

impl Event for PasswordResetEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "user.password_reset_requested",
            Self::UnknownEmail => "user.password_reset_unknown_email",
        }
    }
}
