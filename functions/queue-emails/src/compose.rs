//! Makes a letter of an event, with what there is to say now.

use shared::domain::order::{Order, OrderEvent, OrderEventData};
use shared::domain::user::password_reset::PasswordResetEvent;
use shared::domain::user::{Credentials, User, UserEvent, UserId};
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::EmailDispatch;

use crate::email::EmailContent;
use crate::templates::{account, order};
use crate::{EmailEvent, Emails};

/// Why there is nothing to write. In public words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SkipReason {
    /// The event calls for no e-mail.
    #[error("nobody is to be written about it")]
    NotEmailed,
    /// There is nobody to write to.
    #[error("the account is gone")]
    RecipientDeleted,
    /// The address is verified by now.
    #[error("the address is verified")]
    Verified,
    /// What the letter would carry is too old to be of use.
    #[error("the link would have expired")]
    TooLate,
    /// The order does not stand as it would have to.
    #[error("the order does not stand as the event says")]
    StateChanged,
}

/// A letter with the address that it goes to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ComposedEmail {
    pub(crate) to: String,
    pub(crate) letter: EmailContent,
    /// Stands for address and link, where they may become untrue; empty otherwise.
    pub(crate) gist: String,
}

/// What has become of a letter so far, as it was when the letter was written: both are read in one request.
pub(crate) type DispatchSnapshot = Option<EmailDispatch>;

/// What came of an event.
type ComposeResult = Result<Result<(ComposedEmail, DispatchSnapshot), SkipReason>, StoreError>;

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// The letter that the event calls for, or why there is none.
    pub(crate) async fn write(&self, event: &Envelope<EmailEvent>) -> ComposeResult {
        match &event.event {
            EmailEvent::User(UserEvent::Registered { user_id } | UserEvent::EmailChanged { user_id })
            | EmailEvent::PasswordReset(PasswordResetEvent::Requested { user_id }) => {
                self.about_account(event, *user_id).await
            }
            EmailEvent::Order(about) => self.about_order(event, about).await,
            EmailEvent::User(_) | EmailEvent::PasswordReset(_) => Ok(Err(SkipReason::NotEmailed)),
        }
    }

    async fn about_account(&self, event: &Envelope<EmailEvent>, id: UserId) -> ComposeResult {
        let account = ReadSet::<Option<User>>::get(&id).and(ReadSet::<Option<Credentials>>::get(&id));
        let ((user, credentials), seen) = self.store.load(account.and(ReadSet::get(&event.id))).await?;
        let account = user.zip(credentials).ok_or(SkipReason::RecipientDeleted);
        Ok(account.and_then(|account| Ok((self.with_link(event, &account)?, seen))))
    }

    /// A letter with a token that was made when the event occurred: however often it is written, it says the same, as long
    /// as the account is the same.
    fn with_link(
        &self,
        event: &Envelope<EmailEvent>,
        (user, credentials): &(User, Credentials),
    ) -> Result<ComposedEmail, SkipReason> {
        let (at, resets) = (event.occurred_at, matches!(event.event, EmailEvent::PasswordReset(_)));
        if self.clock.now() >= at.saturating_add(account::lifetime(resets)) {
            return Err(SkipReason::TooLate);
        }
        if user.email_verified && !resets {
            return Err(SkipReason::Verified);
        }
        let (letter, token) = if resets {
            let token = self.tokens.to_reset_password(user, credentials, at);
            (account::reset(&self.app_url, &token), token)
        } else {
            let token = self.tokens.to_verify_email(user, at);
            let is_new = matches!(event.event, EmailEvent::User(UserEvent::Registered { .. }));
            (account::verify(&self.app_url, &token, is_new), token)
        };
        let to = user.email.as_str().to_owned();
        let gist = self.seal.mac("email-gist", &[to.as_bytes(), token.as_bytes()]);
        Ok(ComposedEmail { to, letter, gist })
    }

    async fn about_order(&self, event: &Envelope<EmailEvent>, about: &OrderEvent) -> ComposeResult {
        let OrderEventData { order_id, buyer_id, .. } = about.facts();
        let both = ReadSet::<Option<Order>>::get(&order_id).and(ReadSet::<Option<User>>::get(&buyer_id));
        let (found, seen) = self.store.load(both.and(ReadSet::get(&event.id))).await?;
        Ok(match found {
            (_, None) => Err(SkipReason::RecipientDeleted),
            (None, _) => Err(SkipReason::StateChanged),
            (Some(found), Some(buyer)) => {
                let letter = order::about(about, &found, &buyer, &self.app_url);
                let to = buyer.email.as_str().to_owned();
                letter.map(|letter| (ComposedEmail { to, letter, gist: String::new() }, seen))
            }
        })
    }
}
