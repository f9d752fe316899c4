//! Makes a letter of an event, with what there is to say now.

use shared::domain::order::{Order, OrderEvent, OrderFacts};
use shared::domain::user::password_reset::PasswordResetEvent;
use shared::domain::user::{Credentials, User, UserEvent, UserId};
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, Reads, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::Dispatch;

use crate::email::Letter;
use crate::templates::{account, order};
use crate::{Emails, Heard};

/// Why there is nothing to write. In public words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Pointless {
    /// The event calls for no e-mail.
    #[error("nobody is to be written about it")]
    NotForAnybody,
    /// There is nobody to write to.
    #[error("the account is gone")]
    NobodyLeft,
    /// The address is verified by now.
    #[error("the address is verified")]
    Verified,
    /// What the letter would carry is too old to be of use.
    #[error("the link would have expired")]
    TooLate,
    /// The order does not stand as it would have to.
    #[error("the order does not stand as the event says")]
    NotSo,
}

/// A letter with the address that it goes to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Addressed {
    pub(crate) to: String,
    pub(crate) letter: Letter,
    /// Stands for address and link, where they may become untrue; empty otherwise.
    pub(crate) gist: String,
}

/// What has become of a letter so far, as it was when the letter was written: both are read in one request.
pub(crate) type Seen = Option<Dispatch>;

/// What came of an event.
type Written = Result<Result<(Addressed, Seen), Pointless>, StoreError>;

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// The letter that the event calls for, or why there is none.
    pub(crate) async fn write(&self, event: &Envelope<Heard>) -> Written {
        match &event.event {
            Heard::User(UserEvent::Registered { user_id } | UserEvent::EmailChanged { user_id })
            | Heard::PasswordReset(PasswordResetEvent::Requested { user_id }) => {
                self.about_account(event, *user_id).await
            }
            Heard::Order(about) => self.about_order(event, about).await,
            Heard::User(_) | Heard::PasswordReset(_) => Ok(Err(Pointless::NotForAnybody)),
        }
    }

    async fn about_account(&self, event: &Envelope<Heard>, id: UserId) -> Written {
        let account = Reads::<Option<User>>::one(&id).and(Reads::<Option<Credentials>>::one(&id));
        let ((user, credentials), seen) = self.store.load(account.and(Reads::one(&event.id))).await?;
        let account = user.zip(credentials).ok_or(Pointless::NobodyLeft);
        Ok(account.and_then(|account| Ok((self.with_link(event, &account)?, seen))))
    }

    /// A letter with a token that was made when the event occurred: however often it is written, it says the same, as long
    /// as the account is the same.
    fn with_link(
        &self,
        event: &Envelope<Heard>,
        (user, credentials): &(User, Credentials),
    ) -> Result<Addressed, Pointless> {
        let (at, resets) = (event.occurred_at, matches!(event.event, Heard::PasswordReset(_)));
        if self.clock.now() >= at.plus(account::lifetime(resets)) {
            return Err(Pointless::TooLate);
        }
        if user.email_verified && !resets {
            return Err(Pointless::Verified);
        }
        let (letter, token) = if resets {
            let token = self.tokens.to_reset_password(user, credentials, at);
            (account::reset(&self.app_url, &token), token)
        } else {
            let token = self.tokens.to_verify_email(user, at);
            let is_new = matches!(event.event, Heard::User(UserEvent::Registered { .. }));
            (account::verify(&self.app_url, &token, is_new), token)
        };
        let to = user.email.as_str().to_owned();
        let gist = self.seal.digest("email-gist", &[to.as_bytes(), token.as_bytes()]);
        Ok(Addressed { to, letter, gist })
    }

    async fn about_order(&self, event: &Envelope<Heard>, about: &OrderEvent) -> Written {
        let OrderFacts { order_id, buyer_id, .. } = about.facts();
        let both = Reads::<Option<Order>>::one(&order_id).and(Reads::<Option<User>>::one(&buyer_id));
        let (found, seen) = self.store.load(both.and(Reads::one(&event.id))).await?;
        Ok(match found {
            (_, None) => Err(Pointless::NobodyLeft),
            (None, _) => Err(Pointless::NotSo),
            (Some(found), Some(buyer)) => {
                let letter = order::about(about, &found, &buyer, &self.app_url);
                let to = buyer.email.as_str().to_owned();
                letter.map(|letter| (Addressed { to, letter, gist: String::new() }, seen))
            }
        })
    }
}
