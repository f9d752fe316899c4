//! E-mails about background jobs.

use shared::domain::job::JobEnd;
use shared::domain::user::User;
use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, ReadSet, Store, StoreError};
use shared::kit::system::clock::Clock;
use shared::messaging::email_dispatch::{DispatchId, EmailDispatch, Recipient};

use super::{Composed, ComposedEmail};
use crate::skip_reason::SkipReason;
use crate::templates::job;
use crate::{EmailEvent, Emails};

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// Composes an e-mail from the event alone: the job may have been retried or deleted meanwhile.
    pub(super) async fn compose_job_email(
        &self,
        event: &Envelope<EmailEvent>,
        end: &JobEnd,
    ) -> Result<Composed, StoreError> {
        if !end.notify {
            return Ok(vec![Err(SkipReason::NotEmailed)]);
        }
        let dispatch_id = DispatchId::new(&event.id, Recipient::Account);
        let owner = ReadSet::<Option<User>>::get(&end.owner_id);
        let reads = owner.and(ReadSet::<Option<EmailDispatch>>::get(&dispatch_id));
        let (owner, dispatch) = self.store.load(reads).await?;
        let composed = owner.ok_or(SkipReason::RecipientDeleted).and_then(|owner| {
            let content = job::content(&event.event, end, &owner, &self.app_url)?;
            let (to, fingerprint) = (owner.email.as_str().to_owned(), String::new());
            Ok(ComposedEmail { to, content, fingerprint, dispatch_id, dispatch, allowance: None })
        });
        Ok(vec![composed])
    }
}
