//! Requesting another e-mail address for an account.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::UpdateUserError;
use crate::domain::user::{EmailClaim, User, UserEvent, UserId};
use crate::domain::values::email::Email;
use crate::kit::command::{Change, Version};
use crate::kit::system::clock::Timestamp;

/// Time for which the addresses are stored. The messages of the event are retried for a shorter time.
const RETENTION: Duration = Duration::from_hours(24 * 7);

/// Addresses of a requested change, to which its e-mails are sent. They are not part of the event, because
/// events contain no addresses, nor read from the account, which may have changed when the event is consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailChange {
    /// Address of the account at the time of the request.
    pub from: Email,
    /// Requested address. `None` if it belonged to another account: nothing is sent to it then.
    pub to: Option<Email>,
}

/// Key of an [`EmailChange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmailChangeKey {
    /// Id of the account.
    pub user_id: UserId,
    /// Version of the account that the request created.
    pub version: Version,
}

/// Saves `changed` with its pending address, and the addresses for the e-mails. The result does not reveal
/// whether another account has the address.
pub(super) fn request(
    user: &User,
    changed: User,
    to: &Email,
    claim: Option<&EmailClaim>,
    now: Timestamp,
) -> Change<User, UpdateUserError> {
    let is_taken = claim.is_some_and(|claim| claim.user_id != user.id);
    let addresses = EmailChange { from: user.email.clone(), to: Some(to.clone()).filter(|_| !is_taken) };
    let key = EmailChangeKey { user_id: user.id, version: changed.version };
    Change::of(changed.clone())
        .save(&changed, UserEvent::EmailChangeRequested { user_id: user.id })
        .put_until(&key, &addresses, now.saturating_add(RETENTION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{BUYER, STRANGER, actor, at, decide, refusal, third, user};
    use crate::domain::user::update::{UpdateUser, UserAdminRights, UserChanges};
    use crate::kit::command::Operation;

    const NEW: &str = "ada@example.org";

    fn change_to(email: &str) -> UpdateUser {
        UpdateUser {
            id: user().id,
            by: actor(BUYER),
            rights: UserAdminRights::default(),
            reauthentication: Some(user().session_epoch),
            expected: Some(third().into()),
            changes: UserChanges { email: Some(email.parse().unwrap()), ..UserChanges::default() },
        }
    }

    fn pending(email: &str) -> User {
        User { pending_email: Some(email.parse().unwrap()), ..user() }
    }

    fn claim_of(user: &str) -> EmailClaim {
        EmailClaim { user_id: user.parse().unwrap() }
    }

    #[test]
    fn requested_address_has_no_effect_until_it_is_verified() {
        let requested = decide(&change_to(NEW), (Some(user()), vec![None]), at(7));
        let expected = User { version: third().next(), updated_at: at(7), ..pending(NEW) };
        assert_eq!((requested.stored(), &requested.output), (expected.clone(), &expected));
        assert_eq!((&expected.email, expected.email_verified), (&user().email, true));
        assert_eq!(requested.events(), [("user.email_change_requested", expected.version)]);
        let addresses = EmailChange { from: user().email, to: Some(NEW.parse().unwrap()) };
        assert_eq!(requested.stored::<EmailChange>(), addresses);
        assert_eq!(requested.writes.len(), 2, "the address is not claimed");
    }

    #[test]
    fn change_of_address_requires_the_current_password() {
        for id in [BUYER, STRANGER] {
            let rights = UserAdminRights { read: true, suspend: true, update: true };
            let command = UpdateUser { by: actor(id), rights, reauthentication: None, ..change_to(NEW) };
            let refused = refusal(&command, (Some(user()), vec![None]), at(7));
            assert_eq!(refused, UpdateUserError::PasswordRequired, "{id}");
            assert_eq!(refusal(&command, (Some(pending(NEW)), vec![None]), at(7)), refused, "{id}");
        }
    }

    #[test]
    fn change_is_refused_after_a_concurrent_password_reset() {
        let reset = User { session_epoch: user().session_epoch.next(), ..user() };
        let command = UpdateUser { expected: None, ..change_to(NEW) };
        assert_eq!(refusal(&command, (Some(reset), vec![None]), at(7)), UpdateUserError::PasswordRequired);
    }

    #[test]
    fn address_of_another_account_gets_no_email_and_the_same_result() {
        let request = |claim| decide(&change_to(NEW), (Some(user()), vec![claim]), at(7));
        let (free, taken) = (request(None), request(Some(claim_of(STRANGER))));
        assert_eq!((&taken.output, taken.events()), (&free.output, free.events()));
        assert_eq!(taken.writes.len(), free.writes.len());
        assert_eq!(taken.stored::<EmailChange>(), EmailChange { from: user().email, to: None });
    }

    #[test]
    fn current_address_cancels_the_pending_one_without_a_password() {
        let command = UpdateUser { reauthentication: None, ..change_to("ADA@example.com") };
        let cancelled = decide(&command, (Some(pending(NEW)), vec![Some(claim_of(BUYER))]), at(7));
        assert_eq!(cancelled.output.pending_email, None);
        assert_eq!(cancelled.events(), [("user.changed", third().next())]);
        assert_eq!(cancelled.writes.len(), 1);
    }

    #[test]
    fn repeated_request_sends_the_emails_again() {
        let repeated = decide(&change_to(NEW), (Some(pending(NEW)), vec![None]), at(7));
        assert_eq!(repeated.output.version, third().next());
        assert_eq!(repeated.events(), [("user.email_change_requested", third().next())]);
        let key = EmailChangeKey { user_id: user().id, version: third().next() };
        let addresses = repeated.write::<EmailChange>(&key);
        let Operation::Put { expires_at, .. } = &addresses.operation else { panic!("not stored") };
        assert_eq!(*expires_at, Some(at(7).saturating_add(RETENTION)));
    }
}
