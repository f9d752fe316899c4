//! Ending a session at logout.

use std::convert::Infallible;

use super::{Session, SessionEnd, SessionKey};
use crate::kit::command::{Change, Command, NoEvents, ReadSet};
use crate::kit::system::clock::Timestamp;

/// Ends a session. Has no effect if the session has ended or does not exist.
#[derive(Debug, Clone)]
pub struct EndSession {
    /// Account and id of the session.
    pub id: SessionKey,
}

impl Command for EndSession {
    type State = Option<Session>;
    type Output = ();
    type Error = Infallible;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&self.id)
    }

    fn decide(&self, session: Self::State, _: Timestamp) -> Result<Change<(), Infallible>, Infallible> {
        Ok(match session.filter(|session| session.ended.is_none()) {
            Some(session) => Change::of(()).save(&session.end(SessionEnd::LoggedOut), NoEvents),
            None => Change::of(()),
        })
    }
}
