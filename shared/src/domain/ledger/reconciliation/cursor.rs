//! Cursor of the reconciliation.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::order::payment::GatewayId;
use crate::kit::command::{Change, Command, NoEvents, ReadSet, Version};
use crate::kit::system::clock::Timestamp;

/// Progress of the reconciliation. There is one cursor. A worker advances it after comparing a page, so a
/// crash repeats a page, which is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationCursor {
    /// Version for optimistic locking.
    pub version: Version,
    /// Start of the period whose payments are compared in this round.
    pub from: Timestamp,
    /// End of the period whose payments are compared in this round.
    pub until: Timestamp,
    /// Last payment compared in this round; pages are sorted newest first. `None` between rounds.
    pub after: Option<GatewayId>,
    /// Time at which the next page or round is due.
    pub due_at: Timestamp,
}

/// Key of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentsCursorKey;

impl fmt::Display for PaymentsCursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("payments")
    }
}

/// Timing of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundConfig {
    /// Interval between the end of a round and the start of the next.
    pub interval: Duration,
    /// Overlap of a round with the previous one; must be at least the maximum duration of a payment.
    pub overlap: Duration,
}

impl ReconciliationCursor {
    /// Cursor before the first round.
    #[must_use]
    pub fn first(rounds: RoundConfig, now: Timestamp) -> Self {
        let (from, due_at) = (now.saturating_sub(rounds.overlap), now.saturating_add(rounds.interval));
        Self { version: Version::FIRST, from, until: now, after: None, due_at }
    }

    /// Cursor at which to continue now. A new round covers all payments up to `now`.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        if self.after.is_none() { Self { until: now, ..self } } else { self }
    }

    /// Time up to which completed rounds have compared all payments.
    #[must_use]
    pub fn compared_until(&self, rounds: RoundConfig) -> Timestamp {
        self.from.saturating_add(rounds.overlap)
    }

    /// Start of the period whose refunds are recorded in this round: one interval before the end of the last
    /// round.
    #[must_use]
    pub fn refunds_from(&self, rounds: RoundConfig) -> Timestamp {
        self.from.saturating_add(rounds.overlap).saturating_sub(rounds.interval)
    }

    /// Cursor after a page, with more pages in the round.
    #[must_use]
    pub fn after_page(self, last: GatewayId) -> Self {
        Self { after: Some(last), ..self }
    }

    /// Cursor after a round. The next round starts with an overlap, because payments may have been incomplete
    /// when this round read them.
    #[must_use]
    pub fn after_round(self, rounds: RoundConfig, now: Timestamp) -> Self {
        let (from, due_at) = (self.until.saturating_sub(rounds.overlap), now.saturating_add(rounds.interval));
        Self { from, after: None, due_at, ..self }
    }
}

/// Advances the cursor.
#[derive(Debug, Clone)]
pub struct AdvanceCursor {
    /// Expected version; `None` if no cursor is stored yet.
    pub from: Option<Version>,
    /// New cursor.
    pub to: ReconciliationCursor,
}

/// Another worker has advanced the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another worker has advanced the cursor")]
pub struct CursorConflict;

impl Command for AdvanceCursor {
    type State = Option<ReconciliationCursor>;
    type Output = ReconciliationCursor;
    type Error = CursorConflict;

    fn reads(&self) -> ReadSet<Self::State> {
        ReadSet::get(&PaymentsCursorKey)
    }

    /// # Errors
    /// [`CursorConflict`].
    fn decide(
        &self,
        stored: Self::State,
        _: Timestamp,
    ) -> Result<Change<ReconciliationCursor, CursorConflict>, CursorConflict> {
        let stored = stored.map(|cursor| cursor.version);
        if stored != self.from {
            return Err(CursorConflict);
        }
        let version = stored.map_or(Version::FIRST, Version::next);
        let to = ReconciliationCursor { version, ..self.to.clone() };
        Ok(Change::of(to.clone()).save(&to, NoEvents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::{at, decide, refusal, third};

    const ROUNDS: RoundConfig =
        RoundConfig { interval: Duration::from_millis(100), overlap: Duration::from_millis(30) };

    fn last() -> GatewayId {
        GatewayId("pi_1".to_owned())
    }

    #[test]
    fn rounds_cover_all_time_with_an_overlap() {
        let first = ReconciliationCursor::first(ROUNDS, at(0));
        let expected = ReconciliationCursor {
            version: Version::FIRST,
            from: at(-30),
            until: at(0),
            after: None,
            due_at: at(100),
        };
        assert_eq!(first, expected);
        let started = first.at(at(110));
        assert_eq!(started, ReconciliationCursor { until: at(110), ..expected.clone() });
        let page = started.clone().after_page(last());
        assert_eq!(page, ReconciliationCursor { after: Some(last()), ..started });
        let continued = page.clone().at(at(120));
        assert_eq!(continued, page, "the end of a round is fixed by its first page");
        let ended = continued.after_round(ROUNDS, at(130));
        let next = ReconciliationCursor { from: at(80), until: at(110), due_at: at(230), ..expected };
        assert_eq!(ended, next);
    }

    #[test]
    fn cursor_is_advanced_by_one_worker() {
        let cursor = |version| ReconciliationCursor { version, ..ReconciliationCursor::first(ROUNDS, at(0)) };
        let to = cursor(Version::FIRST).after_page(last());
        for (stored, version) in [(None, Version::FIRST), (Some(third()), third().next())] {
            let advance = AdvanceCursor { from: stored, to: to.clone() };
            let advanced = decide(&advance, stored.map(cursor), at(7));
            let expected = ReconciliationCursor { version, ..to.clone() };
            assert_eq!((advanced.stored(), &advanced.output), (expected.clone(), &expected));
            let other = stored.map_or(Some(cursor(third())), |_| None);
            assert_eq!(refusal(&advance, other, at(7)), CursorConflict);
        }
        assert_eq!(PaymentsCursorKey.to_string(), "payments");
    }
}
