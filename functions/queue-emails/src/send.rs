//! Sends a letter once: the decision is committed, the letter is sent, the outcome is committed.
//!
//! A service that takes e-mails knows them by no key of ours. So it is the record of the dispatch
//! (`shared::messaging::email_dispatch`) that keeps deliveries of one event apart, and says after a crash what is known.

use std::time::Duration;

use shared::kit::aws::mail::{MailError, Mailer, Message, SEND_TIMEOUT};
use shared::kit::command::{CommandContext, Envelope, ExecuteError, Store};
use shared::kit::queue::consumer::Outcome;
use shared::kit::system::clock::{Clock, Timestamp};
use shared::messaging::email_dispatch::begin::{BeginDispatch, BeginDispatchError};
use shared::messaging::email_dispatch::end::EndDispatch;
use shared::messaging::email_dispatch::{DispatchState, EmailDispatch};

use crate::compose::{ComposedEmail, DispatchSnapshot};
use crate::{EmailEvent, Emails};

/// How long others leave a dispatch to whoever began it. Much longer than [`LONGEST_SEND`], so that clocks may differ.
pub(crate) const SEND_LEASE: Duration = Duration::from_secs(15);

impl<S: Store, M: Mailer, C: Clock> Emails<S, M, C> {
    /// Sends the letter, unless it was sent before. `seen` and what is begun spare a read each: should either have been
    /// overtaken, the version says so, and it is decided again.
    pub(crate) async fn send(
        &self,
        event: &Envelope<EmailEvent>,
        addressed: ComposedEmail,
        seen: DispatchSnapshot,
    ) -> Outcome {
        let Ok((html, text)) = addressed.letter.render() else {
            return Outcome::DeadLetter { reason: "the e-mail cannot be written".to_owned() };
        };
        let ComposedEmail { to, letter, gist } = addressed;
        let cause = CommandContext::new(event.correlation_id.clone(), self.clock.now());
        let decision = BeginDispatch { id: event.id.clone(), gist, term: SEND_LEASE };
        let begun = match self.store.execute_on(seen, decision, &cause).await {
            Ok(begun) => begun.into_output(),
            Err(error) => return not_begun(error),
        };
        let correlation_id = cause.correlation_id.clone();
        let message = Message { to, subject: letter.subject, html, text, kind: letter.kind, correlation_id };
        // A table that was slow may have used up the time that others wait: too late is certainly not sent.
        let sent = if self.is_in_time(&begun) {
            self.mailer.send(&message).await
        } else {
            Err(MailError::Unavailable)
        };
        self.settle(begun, sent, &cause).await
    }

    fn is_in_time(&self, begun: &EmailDispatch) -> bool {
        self.clock.now().saturating_add(SEND_TIMEOUT) < ends(begun)
    }

    /// Notes what is certain.
    async fn settle(
        &self,
        begun: EmailDispatch,
        sent: Result<(), MailError>,
        cause: &CommandContext,
    ) -> Outcome {
        if sent == Err(MailError::Unknown) {
            let left = ends(&begun).duration_since(self.clock.now());
            return Outcome::Retry { after: Some(left), reason: "the mail service did not answer" };
        }
        let (as_begun, end) = (Some(begun.clone()), EndDispatch { begun, sent: sent.is_ok() });
        let noted = self.store.execute_on(as_begun, end, &cause.at(self.clock.now())).await;
        match (sent, noted) {
            (Ok(()), Ok(_)) => Outcome::Done,
            (Err(MailError::Refused), _) => Outcome::DeadLetter { reason: MailError::Refused.to_string() },
            (Err(MailError::Misconfigured), _) => {
                Outcome::Retry { after: None, reason: "the mail service does not accept our requests" }
            }
            (Err(_), _) => {
                Outcome::Retry { after: None, reason: "the mail service does not take messages now" }
            }
            (Ok(()), Err(error)) => {
                tracing::warn!(?error, "an e-mail is sent, and that could not be noted");
                Outcome::Retry {
                    after: Some(SEND_LEASE),
                    reason: "that the e-mail is sent could not be noted",
                }
            }
        }
    }
}

/// Until when the dispatch is its sender's.
fn ends(begun: &EmailDispatch) -> Timestamp {
    match begun.state {
        DispatchState::Sending { until } => until,
        DispatchState::Unsent | DispatchState::Sent => begun.expires_at,
    }
}

fn not_begun(error: ExecuteError<BeginDispatchError>) -> Outcome {
    let reason = match error {
        ExecuteError::Refused(BeginDispatchError::AlreadySent) => return Outcome::Done,
        ExecuteError::Refused(BeginDispatchError::Outdated) => {
            tracing::info!(reason = %BeginDispatchError::Outdated, "no e-mail is sent");
            return Outcome::Done;
        }
        ExecuteError::Refused(BeginDispatchError::InProgress { left }) => {
            return Outcome::Retry { after: Some(left), reason: "the e-mail is being sent" };
        }
        ExecuteError::Refused(BeginDispatchError::Unknown) => {
            return Outcome::DeadLetter { reason: BeginDispatchError::Unknown.to_string() };
        }
        ExecuteError::Store(error) => {
            tracing::warn!(%error, "the table failed");
            "the table did not answer"
        }
        ExecuteError::Contention | ExecuteError::InProgress | ExecuteError::KeyReused => {
            "others kept sending the same e-mail"
        }
    };
    Outcome::Retry { after: None, reason }
}
