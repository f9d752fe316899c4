//! E-mails about accounts.

use shared::api::email_token::{INVITATION_LIFETIME, PASSWORD_RESET_LIFETIME, VERIFICATION_LIFETIME};
use shared::domain::user::{Credentials, User, UserId};
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
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
            let to = account.0.email.as_str().to_owned();
            let fingerprint = self.hmac_key.mac("email-gist", &[to.as_bytes(), token.as_bytes()]);
            Ok(ComposedEmail { to, content, fingerprint, dispatch_id, dispatch })
        });
        Ok(vec![composed])
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
        let in_time = |lifetime| {
            let expires_at = at.saturating_add(lifetime);
            if self.clock.now() < expires_at { Ok(()) } else { Err(SkipReason::TooLate) }
        };
        match event.event {
            EmailEvent::PasswordResetRequested { .. } => {
                in_time(PASSWORD_RESET_LIFETIME)?;
                let token = self.tokens.to_reset_password(user, credentials, at);
                Ok((account::reset::content(app_url, &token), token))
            }
            EmailEvent::UserInvited { .. } => {
                in_time(INVITATION_LIFETIME)?;
                if credentials.password_hash().is_some() {
                    return Err(SkipReason::InvitationAccepted);
                }
                let token = self.tokens.to_accept_invitation(user, credentials, at);
                Ok((account::invite::content(app_url, &token), token))
            }
            _ => {
                in_time(VERIFICATION_LIFETIME)?;
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
