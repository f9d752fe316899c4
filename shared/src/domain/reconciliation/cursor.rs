//! How far the comparing has come.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::payment::GatewayId;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// How far the comparing of books has come. There is one; whoever moves it on did the work before, so that a crash repeats a
/// page, which does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationCursor {
    /// Counts its changes.
    pub version: Version,
    /// What the gateway made from then on is compared in this round,
    pub from: Timestamp,
    /// and up to then.
    pub until: Timestamp,
    /// Pages come newest first: the last entry that was compared in this round.
    pub after: Option<GatewayId>,
    /// When there is something to do.
    pub due_at: Timestamp,
}

/// What finds the position: there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentsCursorKey;

impl fmt::Display for PaymentsCursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("payments")
    }
}

/// When rounds begin, and what they cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundConfig {
    /// A round begins so long after the one before has ended.
    pub apart: Duration,
    /// How far a round reaches back beyond the end of the one before: at least as long as a payment can take.
    pub overlap: Duration,
}

impl ReconciliationCursor {
    /// Before the first round.
    #[must_use]
    pub fn first(rounds: RoundConfig, now: Timestamp) -> Self {
        let (from, due_at) = (now.saturating_sub(rounds.overlap), now.saturating_add(rounds.apart));
        Self { version: Version::FIRST, from, until: now, after: None, due_at }
    }

    /// Where to go on now: a round that begins covers all that is there by now.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        if self.after.is_none() { Self { until: now, ..self } } else { self }
    }

    /// A page was compared, and there are more.
    #[must_use]
    pub fn after_page(self, last: GatewayId) -> Self {
        Self { after: Some(last), ..self }
    }

    /// All of the round was compared. The next begins where this one cannot have seen the end of everything.
    #[must_use]
    pub fn after_round(self, rounds: RoundConfig, now: Timestamp) -> Self {
        let (from, due_at) = (self.until.saturating_sub(rounds.overlap), now.saturating_add(rounds.apart));
        Self { from, after: None, due_at, ..self }
    }
}

/// Moves the position on from what it was.
#[derive(Debug, Clone)]
pub struct AdvanceCursor {
    /// Where it was; `None` before it first was anywhere.
    pub from: Option<Version>,
    /// Where it is now.
    pub to: ReconciliationCursor,
}

/// Somebody else has moved it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("somebody else has moved on")]
pub struct MovedOn;

impl Command for AdvanceCursor {
    type State = Option<ReconciliationCursor>;
    type Output = ReconciliationCursor;
    type Error = MovedOn;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&PaymentsCursorKey)
    }

    /// # Errors
    /// [`MovedOn`].
    fn decide(
        &self,
        was: Self::State,
        _: Timestamp,
    ) -> Result<Change<ReconciliationCursor, MovedOn>, MovedOn> {
        let was = was.map(|position| position.version);
        if was != self.from {
            return Err(MovedOn);
        }
        let version = was.map_or(Version::FIRST, Version::next);
        let to = ReconciliationCursor { version, ..self.to.clone() };
        Ok(Change::of(to.clone()).save(&to, NoEvents))
    }
}
