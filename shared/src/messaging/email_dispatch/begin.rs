//! Deciding to send an e-mail.

use std::time::Duration;

use super::{Dispatch, DispatchState, MOST_SENDS};
use crate::kit::command::event::EventId;
use crate::kit::command::idempotency_record::MESSAGE_RETENTION;
use crate::kit::command::{Change, Command, Reads, Silent, Version};
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
    type State = Option<Dispatch>;
    type Output = Dispatch;
    type Error = BeginDispatchError;

    fn reads(&self) -> Reads<Self::State> {
        Reads::one(&self.id)
    }

    /// # Errors
    /// [`BeginDispatchError`].
    fn decide(
        &self,
        last: Self::State,
        now: Timestamp,
    ) -> Result<Change<Dispatch, BeginDispatchError>, BeginDispatchError> {
        let version = last.as_ref().map_or(Version::FIRST, |last| last.version.next());
        // The table forgets late: what has expired is gone.
        let sends = match last.filter(|last| last.expires_at > now) {
            Some(last) => self.after(&last, now)?,
            None => 1,
        };
        let state = DispatchState::Sending { until: now.plus(self.term) };
        let (id, gist, expires_at) = (self.id.clone(), self.gist.clone(), now.plus(MESSAGE_RETENTION));
        let begun = Dispatch { id, version, state, sends, gist, expires_at };
        Ok(Change::of(begun.clone()).save(&begun, Silent))
    }
}

impl BeginDispatch {
    /// Which attempt this would be.
    fn after(&self, last: &Dispatch, now: Timestamp) -> Result<u32, BeginDispatchError> {
        match last.state {
            DispatchState::Sent => Err(BeginDispatchError::AlreadySent),
            DispatchState::Sending { until } if until > now => {
                Err(BeginDispatchError::InProgress { left: until.since(now) })
            }
            _ if last.gist != self.gist => Err(BeginDispatchError::Outdated),
            DispatchState::Sending { .. } if last.sends >= MOST_SENDS => Err(BeginDispatchError::Unknown),
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

    fn decided(last: Option<Dispatch>, gist: &str, at: Timestamp) -> Result<Dispatch, BeginDispatchError> {
        Ok(begin(gist).decide(last, at)?.into_parts().unwrap().0)
    }

    #[test]
    fn a_sender_that_died_is_followed_by_one_other_and_then_by_nobody() {
        let first = decided(None, "x", now()).unwrap();
        assert_eq!((first.sends, first.version), (1, Version::FIRST));
        let left = Duration::from_millis(1);
        let early = now().plus(TERM).minus(left);
        let in_progress = BeginDispatchError::InProgress { left };
        assert_eq!(decided(Some(first.clone()), "x", early), Err(in_progress));
        let second = decided(Some(first), "x", now().plus(TERM)).unwrap();
        assert_eq!((second.sends, second.version.get()), (2, 2));
        let later = now().plus(TERM).plus(TERM);
        assert_eq!(decided(Some(second), "x", later), Err(BeginDispatchError::Unknown));
    }

    #[test]
    fn what_is_out_stays_out_and_what_says_something_else_by_now_is_outdated() {
        let begun = decided(None, "x", now()).unwrap();
        let sent = Dispatch { state: DispatchState::Sent, ..begun.clone() };
        assert_eq!(decided(Some(sent), "y", now()), Err(BeginDispatchError::AlreadySent));
        let unsent = Dispatch { state: DispatchState::Unsent, sends: 0, ..begun };
        assert_eq!(decided(Some(unsent.clone()), "y", now()), Err(BeginDispatchError::Outdated));
        assert_eq!(decided(Some(unsent), "x", now()).unwrap().sends, 1);
    }
}
