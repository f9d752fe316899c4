//! Passwords that were forgotten.

pub mod confirm;
pub mod request;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::UserId;
use crate::domain::values::id::{Id, Identified};
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Event, Version};
use crate::kit::system::clock::Timestamp;

/// How long after a message nobody is sent another.
pub const RESEND_COOLDOWN: Duration = Duration::from_mins(1);

/// How long it is remembered that somebody asked: longer than the receipts of messages are kept, so that the count never
/// begins anew while an event with the same number is remembered.
const RETENTION: Duration = MESSAGE_RETENTION.saturating_add(Duration::from_hours(24));

/// The id of a [`PasswordReset`]: a digest of the address, so that it gives nothing away.
pub type PasswordResetId = Id<PasswordReset>;

/// That somebody asked for a new password for an address, whether or not anybody has an account under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordReset {
    /// Which address.
    pub id: PasswordResetId,
    /// Counts how often it was asked.
    pub version: Version,
    /// When it was asked last.
    pub requested_at: Timestamp,
    /// When this may be forgotten.
    pub expires_at: Timestamp,
}

impl Identified for PasswordReset {
    const PREFIX: &'static str = "pwr";
}

/// What others hear of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum PasswordResetEvent {
    /// Somebody asked for a new password for an account.
    #[serde(rename = "user.password_reset_requested", rename_all = "camelCase")]
    Requested {
        /// Which.
        user_id: UserId,
    },
    /// Somebody asked for one where there is no account, which is nobody's business.
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
