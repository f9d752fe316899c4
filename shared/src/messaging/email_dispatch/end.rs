//! Noting what became of an e-mail.

use super::{DispatchState, EmailDispatch};
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Notes what is certain about an e-mail that was begun.
#[derive(Debug, Clone)]
pub struct EndDispatch {
    /// As it was begun.
    pub begun: EmailDispatch,
    /// Whether it is out. If not, it may be sent again.
    pub sent: bool,
}

/// Why that is not noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndDispatchError {
    /// It took too long: somebody else has taken over.
    #[error("somebody else sends the e-mail by now")]
    Overtaken,
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
        now_stored: Self::State,
        _: Timestamp,
    ) -> Result<Change<(), EndDispatchError>, EndDispatchError> {
        let begun = now_stored.filter(|stored| *stored == self.begun).ok_or(EndDispatchError::Overtaken)?;
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
