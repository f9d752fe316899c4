//! E-mails about accounts.

use std::time::Duration;

use shared::api::email_token::{INVITATION_LIFETIME, PASSWORD_RESET_LIFETIME, VERIFICATION_LIFETIME};
use shared::domain::user::update::email_change::{EmailChange, EmailChangeKey};
use shared::domain::user::{Credentials, User, UserId};
use shared::domain::values::email::Email;
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::allowance::{AllowanceRequest, EmailAllowanceId};
use shared::messaging::email_dispatch::{DispatchId, EmailDispatch, Recipient};

use super::{Composed, ComposedEmail};
use crate::email::EmailContent;
use crate::skip_reason::SkipReason;
use crate::templates::account;
use crate::{EmailEvent, Emails};

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    pub(super) async fn compose_account_email(
        &self,
        event: &Envelope<EmailEvent>,
        id: UserId,
    ) -> Result<Composed, StoreError> {
        let dispatch_id = DispatchId::new(&event.id, Recipient::Account);
        let account = ReadSet::<Option<User>>::get(&id).and(ReadSet::<Option<Credentials>>::get(&id));
        let reads = account.and(ReadSet::<Option<EmailDispatch>>::get(&dispatch_id));
        let ((user, credentials), dispatch) = self.store.load(reads).await?;
        let composed = user.zip(credentials).ok_or(SkipReason::RecipientDeleted).and_then(|account| {
            let (content, token) = self.content_and_token(event, &account.0, &account.1)?;
            Ok(self.account_email(event, &account.0.email, content, &token, (dispatch_id, dispatch)))
        });
        Ok(vec![composed])
    }

    /// Composes the verification of a requested address, and the notice to the address that it would replace.
    pub(super) async fn compose_change_emails(
        &self,
        event: &Envelope<EmailEvent>,
        id: UserId,
    ) -> Result<Composed, StoreError> {
        let key = EmailChangeKey { user_id: id, version: event.sequence };
        let ids = [Recipient::Account, Recipient::OldAddress].map(|to| DispatchId::new(&event.id, to));
        let account = ReadSet::<Option<User>>::get(&id).and(ReadSet::<Option<EmailChange>>::get(&key));
        let [to_new, to_old] = ids.each_ref().map(ReadSet::<Option<EmailDispatch>>::get);
        let ((user, change), dispatches) = self.store.load(account.and(to_new.and(to_old))).await?;
        let (user, change) = match (user, change) {
            (Some(user), Some(change)) => (user, change),
            (Some(_), None) => return Ok(vec![Err(SkipReason::TooLate)]),
            (None, _) => return Ok(vec![Err(SkipReason::RecipientDeleted)]),
        };
        let [new_id, old_id] = ids;
        let verification = self.change_content(event, &user, &change).map(|(to, content, token)| {
            self.account_email(event, to, content, &token, (new_id, dispatches.0))
        });
        let content = account::address_change::content(&self.app_url);
        let notice = self.account_email(event, &change.from, content, "", (old_id, dispatches.1));
        Ok(vec![verification, Ok(notice)])
    }

    /// Composes the verification of a requested address, with the address and the token.
    fn change_content<'a>(
        &self,
        event: &Envelope<EmailEvent>,
        user: &User,
        change: &'a EmailChange,
    ) -> Result<(&'a Email, EmailContent, String), SkipReason> {
        let is_pending = |to: &&Email| user.pending_email.as_ref() == Some(*to);
        let to = change.to.as_ref().filter(is_pending).ok_or(SkipReason::NotPending)?;
        self.require_in_time(event, VERIFICATION_LIFETIME)?;
        let token = self.tokens.to_change_email(user, to, event.occurred_at);
        Ok((to, account::verify::content(&self.app_url, &token, false), token))
    }

    fn account_email(
        &self,
        event: &Envelope<EmailEvent>,
        to: &Email,
        content: EmailContent,
        token: &str,
        (dispatch_id, dispatch): (DispatchId, Option<EmailDispatch>),
    ) -> ComposedEmail {
        let fingerprint = self.hmac_key.mac("email-gist", &[to.as_str().as_bytes(), token.as_bytes()]);
        let mailbox = to.mailbox();
        let parts = [content.kind.as_bytes(), mailbox.as_bytes()];
        let id = EmailAllowanceId::of_digest(self.hmac_key.pseudonym("email-allowance", &parts));
        let allowance = Some(AllowanceRequest { id, caused_at: event.occurred_at });
        let to = to.as_str().to_owned();
        ComposedEmail { to, content, fingerprint, dispatch_id, dispatch, allowance }
    }

    /// Returns an error if a link that was issued with the event has expired.
    fn require_in_time(&self, event: &Envelope<EmailEvent>, lifetime: Duration) -> Result<(), SkipReason> {
        let expires_at = event.occurred_at.saturating_add(lifetime);
        if self.clock.now() < expires_at { Ok(()) } else { Err(SkipReason::TooLate) }
    }

    /// Composes an e-mail with a token that depends on the time of the event: the same event and account
    /// always yield the same e-mail.
    fn content_and_token(
        &self,
        event: &Envelope<EmailEvent>,
        user: &User,
        credentials: &Credentials,
    ) -> Result<(EmailContent, String), SkipReason> {
        let (at, app_url) = (event.occurred_at, &self.app_url);
        match event.event {
            EmailEvent::PasswordResetRequested { .. } => {
                self.require_in_time(event, PASSWORD_RESET_LIFETIME)?;
                let token = self.tokens.to_reset_password(user, credentials, at);
                Ok((account::reset::content(app_url, &token), token))
            }
            EmailEvent::UserInvited { .. } => {
                self.require_in_time(event, INVITATION_LIFETIME)?;
                if credentials.password_hash().is_some() {
                    return Err(SkipReason::InvitationAccepted);
                }
                let token = self.tokens.to_accept_invitation(user, credentials, at);
                Ok((account::invite::content(app_url, &token), token))
            }
            _ => {
                self.require_in_time(event, VERIFICATION_LIFETIME)?;
                if user.email_verified {
                    return Err(SkipReason::Verified);
                }
                let token = self.tokens.to_verify_email(user, at);
                let is_new = matches!(event.event, EmailEvent::UserRegistered { .. });
                Ok((account::verify::content(app_url, &token, is_new), token))
            }
        }
    }
}
