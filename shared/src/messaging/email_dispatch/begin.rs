//! Beginning the dispatch of an e-mail.

use std::time::Duration;

use super::{DispatchId, DispatchState, EmailDispatch, MAX_SENDS};
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Records that an e-mail is being sent, unless it was already sent or another sender is sending it.
#[derive(Debug, Clone)]
pub struct BeginDispatch {
    /// Event that the e-mail is about, and its recipient.
    pub id: DispatchId,
    /// Digest of the content; see [`EmailDispatch::content_hash`].
    pub fingerprint: String,
    /// Maximum duration of the sending.
    pub lease: Duration,
}

/// Reason why the e-mail must not be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginDispatchError {
    /// The e-mail was already sent.
    #[error("the e-mail was already sent")]
    AlreadySent,
    /// Another sender is sending the e-mail.
    #[error("the e-mail is being sent")]
    InProgress {
        /// Time until that sender has certainly stopped.
        left: Duration,
    },
    /// The content has changed since an earlier attempt.
    #[error("the content of the e-mail is outdated")]
    Outdated,
    /// The maximum number of sends is reached, and the outcome of the last one is unknown.
    #[error("whether the e-mail was sent is not known")]
    Unknown,
}

impl Command for BeginDispatch {
    type State = Option<EmailDispatch>;
    type Output = EmailDispatch;
    type Error = BeginDispatchError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    /// # Errors
    /// [`BeginDispatchError`].
    fn decide(
        &self,
        previous: Self::State,
        now: Timestamp,
    ) -> Result<Change<EmailDispatch, BeginDispatchError>, BeginDispatchError> {
        let version = previous.as_ref().map_or(Version::FIRST, |previous| previous.version.next());
        // An expired record counts as deleted, even if the table still contains it.
        let sends = match previous.filter(|previous| previous.expires_at > now) {
            Some(previous) => self.next_send(&previous, now)?,
            None => 1,
        };
        let state = DispatchState::Sending { until: now.saturating_add(self.lease) };
        let (id, gist, expires_at) =
            (self.id.clone(), self.fingerprint.clone(), now.saturating_add(MESSAGE_RETENTION));
        let begun = EmailDispatch { id, version, state, sends, content_hash: gist, expires_at };
        Ok(Change::of(begun.clone()).save(&begun, NoEvents))
    }
}

impl BeginDispatch {
    /// Returns the number of the next send.
    fn next_send(&self, last: &EmailDispatch, now: Timestamp) -> Result<u32, BeginDispatchError> {
        match last.state {
            DispatchState::Sent => Err(BeginDispatchError::AlreadySent),
            DispatchState::Sending { until } if until > now => {
                Err(BeginDispatchError::InProgress { left: until.duration_since(now) })
            }
            _ if last.content_hash != self.fingerprint => Err(BeginDispatchError::Outdated),
            DispatchState::Sending { .. } if last.sends >= MAX_SENDS => Err(BeginDispatchError::Unknown),
            DispatchState::Unsent | DispatchState::Sending { .. } => Ok(last.sends.saturating_add(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM: Duration = Duration::from_secs(15);

    fn now() -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }

    fn begin(gist: &str) -> BeginDispatch {
        let id = serde_json::from_str("\"ord_1.3\"").unwrap();
        BeginDispatch { id, fingerprint: gist.to_owned(), lease: TERM }
    }

    fn decided(
        last: Option<EmailDispatch>,
        fingerprint: &str,
        at: Timestamp,
    ) -> Result<EmailDispatch, BeginDispatchError> {
        Ok(begin(fingerprint).decide(last, at)?.into_parts().unwrap().0)
    }

    #[test]
    fn crashed_send_is_retried_once() {
        let first = decided(None, "x", now()).unwrap();
        assert_eq!((first.sends, first.version), (1, Version::FIRST));
        let left = Duration::from_millis(1);
        let early = now().saturating_add(TERM).saturating_sub(left);
        let in_progress = BeginDispatchError::InProgress { left };
        assert_eq!(decided(Some(first.clone()), "x", early), Err(in_progress));
        let second = decided(Some(first), "x", now().saturating_add(TERM)).unwrap();
        assert_eq!((second.sends, second.version.get()), (2, 2));
        let later = now().saturating_add(TERM).saturating_add(TERM);
        assert_eq!(decided(Some(second), "x", later), Err(BeginDispatchError::Unknown));
    }

    #[test]
    fn sent_is_final_and_changed_content_is_outdated() {
        let begun = decided(None, "x", now()).unwrap();
        let sent = EmailDispatch { state: DispatchState::Sent, ..begun.clone() };
        assert_eq!(decided(Some(sent), "y", now()), Err(BeginDispatchError::AlreadySent));
        let unsent = EmailDispatch { state: DispatchState::Unsent, sends: 0, ..begun };
        assert_eq!(decided(Some(unsent.clone()), "y", now()), Err(BeginDispatchError::Outdated));
        assert_eq!(decided(Some(unsent), "x", now()).unwrap().sends, 1);
    }
}
