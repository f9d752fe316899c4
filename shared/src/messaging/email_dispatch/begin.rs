//! Deciding to send an e-mail.

use std::time::Duration;

use super::{DispatchState, EmailDispatch, MAX_SENDS};
use crate::kit::command::event::EventId;
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Notes that an e-mail is being sent, unless it is out, or somebody else is at it.
#[derive(Debug, Clone)]
pub struct BeginDispatch {
    /// The event that it is about.
    pub id: EventId,
    /// Stands for what it says.
    pub gist: String,
    /// How long the sending may take.
    pub term: Duration,
}

/// Why it is not to be sent, or not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginDispatchError {
    /// It is out.
    #[error("the e-mail was sent")]
    AlreadySent,
    /// Somebody else sends it, and has this long yet.
    #[error("the e-mail is being sent")]
    InProgress {
        /// How long.
        left: Duration,
    },
    /// An earlier attempt was made, and what it said does not hold any more.
    #[error("what the e-mail was to say does not hold any more")]
    Outdated,
    /// It was sent as often as it may be, and nobody knows how that ended.
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
        last: Self::State,
        now: Timestamp,
    ) -> Result<Change<EmailDispatch, BeginDispatchError>, BeginDispatchError> {
        let version = last.as_ref().map_or(Version::FIRST, |last| last.version.next());
        // The table forgets late: what has expired is gone.
        let sends = match last.filter(|last| last.expires_at > now) {
            Some(last) => self.after(&last, now)?,
            None => 1,
        };
        let state = DispatchState::Sending { until: now.saturating_add(self.term) };
        let (id, gist, expires_at) =
            (self.id.clone(), self.gist.clone(), now.saturating_add(MESSAGE_RETENTION));
        let begun = EmailDispatch { id, version, state, sends, content_hash: gist, expires_at };
        Ok(Change::of(begun.clone()).save(&begun, NoEvents))
    }
}

impl BeginDispatch {
    /// Which attempt this would be.
    fn after(&self, last: &EmailDispatch, now: Timestamp) -> Result<u32, BeginDispatchError> {
        match last.state {
            DispatchState::Sent => Err(BeginDispatchError::AlreadySent),
            DispatchState::Sending { until } if until > now => {
                Err(BeginDispatchError::InProgress { left: until.duration_since(now) })
            }
            _ if last.content_hash != self.gist => Err(BeginDispatchError::Outdated),
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
        BeginDispatch { id, gist: gist.to_owned(), term: TERM }
    }

    fn decided(
        last: Option<EmailDispatch>,
        gist: &str,
        at: Timestamp,
    ) -> Result<EmailDispatch, BeginDispatchError> {
        Ok(begin(gist).decide(last, at)?.into_parts().unwrap().0)
    }

    #[test]
    fn a_sender_that_died_is_followed_by_one_other_and_then_by_nobody() {
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
    fn what_is_out_stays_out_and_what_says_something_else_by_now_is_outdated() {
        let begun = decided(None, "x", now()).unwrap();
        let sent = EmailDispatch { state: DispatchState::Sent, ..begun.clone() };
        assert_eq!(decided(Some(sent), "y", now()), Err(BeginDispatchError::AlreadySent));
        let unsent = EmailDispatch { state: DispatchState::Unsent, sends: 0, ..begun };
        assert_eq!(decided(Some(unsent.clone()), "y", now()), Err(BeginDispatchError::Outdated));
        assert_eq!(decided(Some(unsent), "x", now()).unwrap().sends, 1);
    }
}
