//! Ending the dispatch of an e-mail.

use super::{DispatchState, EmailDispatch};
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Records the known outcome of a dispatch.
#[derive(Debug, Clone)]
pub struct EndDispatch {
    /// Dispatch as it was begun.
    pub begun: EmailDispatch,
    /// True if the e-mail was sent. If false, it may be sent again.
    pub sent: bool,
}

/// Reason why the outcome is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndDispatchError {
    /// The sending took too long and another sender has taken over.
    #[error("another sender has taken over the e-mail")]
    ClaimLost,
}

impl Command for EndDispatch {
    type State = Option<EmailDispatch>;
    type Output = ();
    type Error = EndDispatchError;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.begun.id)
    }

    /// # Errors
    /// [`EndDispatchError`].
    fn decide(
        &self,
        stored: Self::State,
        _: Timestamp,
    ) -> Result<Change<(), EndDispatchError>, EndDispatchError> {
        let begun = stored.filter(|current| *current == self.begun).ok_or(EndDispatchError::ClaimLost)?;
        let version = begun.version.next();
        let ended = if self.sent {
            EmailDispatch { version, state: DispatchState::Sent, ..begun }
        } else {
            let sends = begun.sends.saturating_sub(1);
            EmailDispatch { version, state: DispatchState::Unsent, sends, ..begun }
        };
        Ok(Change::of(()).save(&ended, NoEvents))
    }
}
