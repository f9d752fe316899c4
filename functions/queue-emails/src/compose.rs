//! Composes the e-mail for an event from the current state of its account or order.

use shared::domain::order::{Order, OrderEventData};
use shared::domain::user::{Credentials, User, UserId};
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::EmailDispatch;

use crate::email::EmailContent;
use crate::skip_reason::SkipReason;
use crate::templates::{account, order};
use crate::{EmailEvent, Emails};

/// E-mail with its recipient.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ComposedEmail {
    pub(crate) to: String,
    pub(crate) content: EmailContent,
    /// HMAC of address and link if they can become outdated; empty otherwise.
    pub(crate) fingerprint: String,
}

/// Dispatch record of the e-mail, read in the same request as the account or order.
pub(crate) type DispatchSnapshot = Option<EmailDispatch>;

/// Reason why there is no e-mail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotComposed {
    /// No e-mail is sent for the event.
    #[error(transparent)]
    Skipped(#[from] SkipReason),
    /// The state of the e-mail could not be loaded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type ComposeResult = Result<(ComposedEmail, DispatchSnapshot), NotComposed>;

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// Composes the e-mail for the event, or returns the reason for sending none.
    pub(crate) async fn compose(&self, event: &Envelope<EmailEvent>) -> ComposeResult {
        match &event.event {
            EmailEvent::UserRegistered { user_id }
            | EmailEvent::EmailChanged { user_id }
            | EmailEvent::PasswordResetRequested { user_id } => {
                self.compose_account_email(event, *user_id).await
            }
            EmailEvent::OrderConfirmed(data)
            | EmailEvent::OrderExpired(data)
            | EmailEvent::OrderShipped(data)
            | EmailEvent::OrderRefunded(data) => self.compose_order_email(event, data).await,
            EmailEvent::PasswordResetUnknownEmail | EmailEvent::NotEmailed(_) => {
                Err(SkipReason::NotEmailed.into())
            }
        }
    }

    async fn compose_account_email(&self, event: &Envelope<EmailEvent>, id: UserId) -> ComposeResult {
        let account = ReadSet::<Option<User>>::get(&id).and(ReadSet::<Option<Credentials>>::get(&id));
        let ((user, credentials), dispatch) = self.store.load(account.and(ReadSet::get(&event.id))).await?;
        let (user, credentials) = user.zip(credentials).ok_or(SkipReason::RecipientDeleted)?;
        Ok((self.compose_with_link(event, &user, &credentials)?, dispatch))
    }

    /// Composes an e-mail with a token that depends on the time of the event: the same event and account
    /// always yield the same e-mail.
    fn compose_with_link(
        &self,
        event: &Envelope<EmailEvent>,
        user: &User,
        credentials: &Credentials,
    ) -> Result<ComposedEmail, SkipReason> {
        let at = event.occurred_at;
        let is_reset = matches!(event.event, EmailEvent::PasswordResetRequested { .. });
        if self.clock.now() >= at.saturating_add(account::lifetime(is_reset)) {
            return Err(SkipReason::TooLate);
        }
        if user.email_verified && !is_reset {
            return Err(SkipReason::Verified);
        }
        let (content, token) = if is_reset {
            let token = self.tokens.to_reset_password(user, credentials, at);
            (account::reset(&self.app_url, &token), token)
        } else {
            let token = self.tokens.to_verify_email(user, at);
            let is_new = matches!(event.event, EmailEvent::UserRegistered { .. });
            (account::verify(&self.app_url, &token, is_new), token)
        };
        let to = user.email.as_str().to_owned();
        let gist = self.hmac_key.mac("email-gist", &[to.as_bytes(), token.as_bytes()]);
        Ok(ComposedEmail { to, content, fingerprint: gist })
    }

    async fn compose_order_email(
        &self,
        event: &Envelope<EmailEvent>,
        OrderEventData { order_id, buyer_id, .. }: &OrderEventData,
    ) -> ComposeResult {
        let both = ReadSet::<Option<Order>>::get(order_id).and(ReadSet::<Option<User>>::get(buyer_id));
        let ((found, buyer), dispatch) = self.store.load(both.and(ReadSet::get(&event.id))).await?;
        let buyer = buyer.ok_or(SkipReason::RecipientDeleted)?;
        let found = found.ok_or(SkipReason::StateChanged)?;
        let content = order::compose(&event.event, &found, &buyer, &self.app_url)?;
        let to = buyer.email.as_str().to_owned();
        Ok((ComposedEmail { to, content, fingerprint: String::new() }, dispatch))
    }
}
