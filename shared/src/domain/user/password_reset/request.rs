//! Asking for a new password.

use super::{PasswordReset, PasswordResetEvent, PasswordResetId, RESEND_COOLDOWN, RETENTION};
use crate::domain::user::EmailClaim;
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Asks for a new password for whoever has the address. That takes the same requests to the table whether or not
/// anybody has it, so that an address cannot be found out by its time.
#[derive(Debug, Clone)]
pub struct RequestPasswordReset {
    /// Stands for the address.
    pub id: PasswordResetId,
    /// The address.
    pub email: Email,
}

/// It can always be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestPasswordResetError {}

impl Command for RequestPasswordReset {
    type State = (Option<EmailClaim>, Option<PasswordReset>);
    type Output = ();
    type Error = RequestPasswordResetError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.email).and(ReadSet::get(&self.id))
    }

    fn decide(
        &self,
        (claim, last): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), RequestPasswordResetError>, RequestPasswordResetError> {
        if last.as_ref().is_some_and(|last| now.duration_since(last.requested_at) < RESEND_COOLDOWN) {
            return Ok(Change::of(()));
        }
        let version = last.map_or(Version::FIRST, |last| last.version.next());
        let asked = PasswordReset {
            id: self.id,
            version,
            requested_at: now,
            expires_at: now.saturating_add(RETENTION),
        };
        let event = claim.map_or(PasswordResetEvent::UnknownEmail, |claim| PasswordResetEvent::Requested {
            user_id: claim.user_id,
        });
        Ok(Change::of(()).save(&asked, event))
    }
}
