//! Sends an e-mail once: commits the decision, sends the e-mail, commits the outcome.
//!
//! The mail service takes no idempotency key. The dispatch record (`shared::messaging::email_dispatch`)
//! therefore serialises the deliveries of one event, and keeps what is known about the e-mail after a crash.

use std::time::Duration;

use shared::kit::aws::mail::{MailError, Mailer, Message, SEND_TIMEOUT};
use shared::kit::command::{CommandContext, Envelope, ExecuteError, Store};
use shared::kit::queue::consumer::Outcome;
use shared::kit::resilience::pacing::{Schedule, Turn};
use shared::kit::system::clock::{Clock, Timestamp};
use shared::messaging::email_dispatch::begin::{BeginDispatch, BeginDispatchError};
use shared::messaging::email_dispatch::end::EndDispatch;
use shared::messaging::email_dispatch::{DispatchState, EmailDispatch};

use crate::compose::ComposedEmail;
use crate::email::EmailContent;
use crate::{EmailEvent, Emails};

/// Lease of the instance that sends the e-mail. Much longer than [`SEND_TIMEOUT`], to tolerate clock skew.
pub(crate) const SEND_LEASE: Duration = Duration::from_secs(15);

impl<S: Store + Schedule, M: Mailer, C: Clock> Emails<S, M, C> {
    /// Sends the e-mail, unless it was sent before. The loaded dispatch record and the one that the first
    /// commit returns save a read each: if either is outdated, its version conflicts and the command decides
    /// again.
    pub(crate) async fn send(
        &self,
        event: &Envelope<EmailEvent>,
        email: ComposedEmail,
        slot: Option<Timestamp>,
    ) -> Outcome {
        let Ok((html, text)) = email.content.render() else {
            return Outcome::DeadLetter { reason: "the e-mail cannot be rendered".to_owned() };
        };
        if email.is_open(self.clock.now())
            && let Err(outcome) = self.wait_for_turn(slot).await
        {
            return outcome;
        }
        let ComposedEmail { to, content, fingerprint, dispatch_id: id, dispatch, allowance } = email;
        let context = CommandContext::new(event.correlation_id.clone(), self.clock.now());
        // The allowance is not loaded yet. If there is one, the first version conflicts with it.
        let state = (dispatch, allowance.iter().map(|_| None).collect());
        let command = BeginDispatch { id, fingerprint, lease: SEND_LEASE, allowance };
        let begun = match self.store.execute_on(state, command, &context).await {
            Ok(executed) => executed.into_output(),
            Err(error) => return not_begun(error),
        };
        if begun.state == DispatchState::Suppressed {
            return suppressed();
        }
        let EmailContent { subject, kind, unsubscribe_url, .. } = content;
        let correlation_id = context.correlation_id.clone();
        let message = Message { to, subject, html, text, kind, correlation_id, unsubscribe_url };
        // A slow table may have used up the lease; the e-mail is then not sent at all.
        let sent = if self.is_in_time(&begun) {
            self.mailer.send(&message).await
        } else {
            Err(MailError::Unavailable)
        };
        self.finish(begun, sent, &context).await
    }

    /// Records that an earlier attempt sent the e-mail, which it could not record itself.
    pub(crate) async fn record_sent(
        &self,
        event: &Envelope<EmailEvent>,
        dispatch: Option<EmailDispatch>,
    ) -> Outcome {
        let context = CommandContext::new(event.correlation_id.clone(), self.clock.now());
        let is_sending = |dispatch: &EmailDispatch| matches!(dispatch.state, DispatchState::Sending { .. });
        match dispatch.filter(is_sending) {
            Some(begun) => self.finish(begun, Ok(()), &context).await,
            None => Outcome::Done,
        }
    }

    /// Waits until the mail service may be called.
    async fn wait_for_turn(&self, slot: Option<Timestamp>) -> Result<(), Outcome> {
        match self.pacer.turn(slot, &self.store).await {
            Ok(Turn::Now) => Ok(()),
            Ok(Turn::At(until)) => Err(Outcome::Defer { until, reason: "waits for its turn to be sent" }),
            Err(error) => {
                tracing::warn!(%error, "failed to take a slot for a call to the mail service");
                Err(Outcome::Retry { after: None, reason: "the table did not respond" })
            }
        }
    }

    fn is_in_time(&self, begun: &EmailDispatch) -> bool {
        self.clock.now().saturating_add(SEND_TIMEOUT) < lease_end(begun)
    }

    /// Records the outcome if it is known.
    async fn finish(
        &self,
        begun: EmailDispatch,
        sent: Result<(), MailError>,
        context: &CommandContext,
    ) -> Outcome {
        if sent == Err(MailError::Unknown) {
            let left = lease_end(&begun).duration_since(self.clock.now());
            return Outcome::Retry { after: Some(left), reason: "the mail service did not respond" };
        }
        let id = begun.id.to_string();
        let (state, end) = (Some(begun.clone()), EndDispatch { begun, sent: sent.is_ok() });
        let recorded = self.store.execute_on(state, end, &context.at(self.clock.now())).await;
        match (sent, recorded) {
            (Ok(()), Ok(_)) => Outcome::Done,
            (Err(MailError::Refused), _) => Outcome::DeadLetter { reason: MailError::Refused.to_string() },
            (Err(MailError::Misconfigured), _) => Outcome::Retry {
                after: None,
                reason: "the mail service does not accept the sender or the credentials",
            },
            (Err(_), _) => {
                Outcome::Retry { after: None, reason: "the mail service is temporarily unavailable" }
            }
            (Ok(()), Err(error)) => {
                tracing::warn!(?error, "failed to record that the e-mail was sent");
                let (result, reason) = (id, "the e-mail was sent, but this could not be recorded");
                Outcome::Unstored { result, reason }
            }
        }
    }
}

/// End of the sender's lease on the dispatch.
fn lease_end(begun: &EmailDispatch) -> Timestamp {
    match begun.state {
        DispatchState::Sending { until } => until,
        DispatchState::Unsent | DispatchState::Sent | DispatchState::Suppressed => begun.expires_at,
    }
}

/// Outcome of an e-mail that its allowance does not permit.
fn suppressed() -> Outcome {
    tracing::info!(reason = %BeginDispatchError::Suppressed, "e-mail skipped");
    Outcome::Done
}

fn not_begun(error: ExecuteError<BeginDispatchError>) -> Outcome {
    let reason = match error {
        ExecuteError::Refused(BeginDispatchError::AlreadySent) => return Outcome::Done,
        ExecuteError::Refused(BeginDispatchError::Suppressed) => return suppressed(),
        ExecuteError::Refused(BeginDispatchError::Outdated) => {
            tracing::info!(reason = %BeginDispatchError::Outdated, "e-mail skipped");
            return Outcome::Done;
        }
        ExecuteError::Refused(BeginDispatchError::InProgress { left }) => {
            return Outcome::Retry { after: Some(left), reason: "another instance is sending the e-mail" };
        }
        ExecuteError::Refused(BeginDispatchError::Unknown) => {
            return Outcome::DeadLetter { reason: BeginDispatchError::Unknown.to_string() };
        }
        ExecuteError::Store(error) => {
            tracing::warn!(%error, "failed to record the dispatch");
            "the table did not respond"
        }
        ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
            "too many concurrent attempts to send the e-mail"
        }
    };
    Outcome::Retry { after: None, reason }
}
