//! Requesting a password reset.

use std::convert::Infallible;

use super::{PasswordReset, PasswordResetEvent, PasswordResetId, RESEND_COOLDOWN, RETENTION};
use crate::domain::user::EmailClaim;
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Command, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Requests a password reset for the account with this address. The requests to the table are the same
/// whether or not such an account exists, so that the response time does not reveal it.
#[derive(Debug, Clone)]
pub struct RequestPasswordReset {
    /// Id of the request: digest of the address.
    pub id: PasswordResetId,
    /// E-mail address.
    pub email: Email,
}

impl Command for RequestPasswordReset {
    type State = (Option<EmailClaim>, Option<PasswordReset>);
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.email).and(ReadSet::get(&self.id))
    }

    fn decide(
        &self,
        (claim, last): Self::State,
        now: Timestamp,
    ) -> Result<Change<(), Infallible>, Infallible> {
        if last.as_ref().is_some_and(|last| now.duration_since(last.requested_at) < RESEND_COOLDOWN) {
            return Ok(Change::of(()));
        }
        let version = last.map_or(Version::FIRST, |last| last.version.next());
        let requested = PasswordReset {
            id: self.id,
            version,
            requested_at: now,
            expires_at: now.saturating_add(RETENTION),
        };
        let event = claim.map_or(PasswordResetEvent::UnknownEmail, |claim| PasswordResetEvent::Requested {
            user_id: claim.user_id,
        });
        Ok(Change::of(()).save(&requested, event))
    }
}
