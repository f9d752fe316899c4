//! Composes the e-mails for an event from the current state of its account or order.

mod account;
mod job;
mod order;

use shared::kit::aws::mail::Mailer;
use shared::kit::command::{Envelope, Store, StoreError};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::messaging::email_dispatch::allowance::AllowanceRequest;
use shared::messaging::email_dispatch::{DispatchId, EmailDispatch};

use crate::email::EmailContent;
use crate::skip_reason::SkipReason;
use crate::{EmailEvent, Emails};

/// E-mail with its recipient.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ComposedEmail {
    pub(crate) to: String,
    pub(crate) content: EmailContent,
    /// HMAC of address and link if they can become outdated; empty otherwise.
    pub(crate) fingerprint: String,
    pub(crate) dispatch_id: DispatchId,
    /// Dispatch record, read in the same request as the account or order.
    pub(crate) dispatch: Option<EmailDispatch>,
    /// Allowance that the e-mail uses, if its kind has one.
    pub(crate) allowance: Option<AllowanceRequest>,
}

impl ComposedEmail {
    /// Returns true if the e-mail is among those of the space-separated ids.
    pub(crate) fn is_among(&self, sent: &str) -> bool {
        let id = self.dispatch_id.to_string();
        sent.split(' ').any(|sent| sent == id)
    }

    /// Returns true if the e-mail may be sent now.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.dispatch.as_ref().is_none_or(|dispatch| dispatch.is_open(now))
    }
}

/// E-mail for each recipient, or the reason for sending none to them.
pub(crate) type Composed = Vec<Result<ComposedEmail, SkipReason>>;

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// Composes the e-mails for the event.
    ///
    /// # Errors
    /// [`StoreError`] if the state of the e-mails could not be loaded.
    pub(crate) async fn compose(&self, event: &Envelope<EmailEvent>) -> Result<Composed, StoreError> {
        match &event.event {
            EmailEvent::UserRegistered { user_id }
            | EmailEvent::UserInvited { user_id }
            | EmailEvent::EmailChanged { user_id }
            | EmailEvent::PasswordResetRequested { user_id } => {
                self.compose_account_email(event, *user_id).await
            }
            EmailEvent::EmailChangeRequested { user_id } => self.compose_change_emails(event, *user_id).await,
            EmailEvent::OrderCreated(data)
            | EmailEvent::OrderConfirmed(data)
            | EmailEvent::OrderRejected(data)
            | EmailEvent::OrderCancelled(data)
            | EmailEvent::OrderExpired(data)
            | EmailEvent::OrderShipped(data)
            | EmailEvent::OrderDelivered(data)
            | EmailEvent::OrderRefundFailed(data)
            | EmailEvent::OrderRefunded(data) => self.compose_order_emails(event, data).await,
            EmailEvent::JobSucceeded(end) | EmailEvent::JobFailed(end) | EmailEvent::JobDied(end) => {
                self.compose_job_email(event, end).await
            }
            EmailEvent::PasswordResetUnknownEmail | EmailEvent::NotEmailed(_) => {
                Ok(vec![Err(SkipReason::NotEmailed)])
            }
        }
    }
}
