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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, third, user};
    use crate::kit::command::Event;

    fn request() -> RequestPasswordReset {
        RequestPasswordReset { id: PasswordResetId::of_digest(7), email: user().email }
    }

    fn requested(version: Version, millis: i64) -> PasswordReset {
        let expires_at = at(millis).saturating_add(RETENTION);
        PasswordReset { id: request().id, version, requested_at: at(millis), expires_at }
    }

    #[test]
    fn request_for_any_address_is_stored() {
        let claim = EmailClaim { user_id: user().id };
        for (claim, event) in [
            (None, PasswordResetEvent::UnknownEmail),
            (Some(claim), PasswordResetEvent::Requested { user_id: user().id }),
        ] {
            let decided = decide(&request(), (claim, None), at(0));
            assert_eq!(decided.stored::<PasswordReset>(), requested(Version::FIRST, 0));
            assert_eq!(decided.events(), [(event.name(), Version::FIRST)]);
            assert_eq!(decided.events[0].event, serde_json::to_value(&event).unwrap());
            assert_eq!(decided.events[0].event["type"], event.name());
        }
    }

    #[test]
    fn requests_are_ignored_for_a_minute() {
        let state = || (None, Some(requested(third(), 0)));
        decide(&request(), state(), at(0)).assert_unchanged();
        decide(&request(), state(), at(59_999)).assert_unchanged();
        let next = decide(&request(), state(), at(60_000));
        assert_eq!(next.stored::<PasswordReset>(), requested(third().next(), 60_000));
        assert!(!next.events.is_empty());
    }
}
