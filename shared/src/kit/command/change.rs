//! Changes: the result of a decision, a plain value until a [`Store`](super::Store) commits it.

use serde::Serialize;

use super::event::{Event, UncommittedEvent};
use super::record::{Entity, IndexEntries, Item, Key, MalformedItem, Record};
use super::version::Version;
use crate::kit::system::clock::Timestamp;

/// The writes and events of one decision, and the output for the caller.
///
/// `E` is the command's error: a write may carry the error to return if its condition fails.
#[derive(Debug)]
pub struct Change<T, E> {
    output: T,
    writes: Vec<Write<E>>,
    events: Vec<UncommittedEvent>,
    malformed: Option<MalformedItem>,
}

/// One item of the transaction.
#[derive(Debug, Clone)]
pub struct Write<E> {
    /// Key of the item.
    pub key: Key,
    /// Operation on the item.
    pub operation: Operation,
    /// Condition on the stored item.
    pub condition: Condition,
    /// Error of the domain if the condition fails. `None`: a conflict with another writer; the command
    /// decides again.
    pub refusal: Option<E>,
}

/// Operation on one item.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Replaces the item.
    Put {
        /// The record's attributes.
        item: Item,
        /// Kind of the record.
        kind: &'static str,
        /// Index entries of the item.
        index_entries: IndexEntries,
        /// Time after which the table may delete the item.
        expires_at: Option<Timestamp>,
    },
    /// Adds to counters and replaces notes; other attributes stay as they are.
    Adjust(Adjustment),
    /// Checks the condition without writing.
    Check,
    /// Deletes the item.
    Delete,
}

/// Condition on a stored item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The item does not exist.
    Absent,
    /// The item has this version.
    AtVersion(Version),
    /// The item exists, and this attribute has this value.
    Is(&'static str, String),
    /// The item exists, and this counter is zero.
    Zero(&'static str),
    /// The item exists, and the adjustment leaves none of its counters below zero.
    NoneBelowZero,
    /// If the item exists, the adjustment leaves none of its counters below zero. If it does not exist, the
    /// write is left out.
    NoneBelowZeroIfExists,
    /// No condition.
    Always,
}

/// Changes of an item's counters and notes (text attributes).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Kind of the item.
    pub kind: &'static str,
    /// Amount to add to each counter; negative amounts are subtracted.
    pub counters: Vec<(&'static str, i64)>,
    /// New values of notes.
    pub notes: Vec<(&'static str, String)>,
}

impl Adjustment {
    /// An empty adjustment of a record of kind `R`.
    #[must_use]
    pub fn of<R: Record>() -> Self {
        Self { kind: R::KIND, ..Self::default() }
    }

    /// Adds `by` to the counter `name`.
    #[must_use]
    pub fn add(mut self, name: &'static str, by: i64) -> Self {
        self.counters.push((name, by));
        self
    }

    /// Replaces the note `name`.
    #[must_use]
    pub fn adjust_unchecked(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.notes.push((name, text.into()));
        self
    }
}

impl<T, E> Change<T, E> {
    /// An empty change with the output `output`.
    pub const fn of(output: T) -> Self {
        Self { output, writes: Vec::new(), events: Vec::new(), malformed: None }
    }

    /// Stores the first or the next version of an entity, with the event that results.
    ///
    /// Optimistic locking: a first version requires that no item exists, a later one that the stored item has
    /// the version before.
    #[must_use]
    pub fn save<R: Entity>(self, entity: &R, event: R::Event) -> Self
    where
        R::Id: ToString,
    {
        let condition = entity.version().previous().map_or(Condition::Absent, Condition::AtVersion);
        let mut change = self.announce(entity.id().to_string(), entity.version(), &event);
        let mut entries = entity.index_entries();
        match entity.summary().map(serde_dynamo::to_attribute_value).transpose() {
            Ok(summary) => entries.summary = summary.map(Box::new),
            Err(error) => change.malformed = Some(MalformedItem::new(R::KIND, error.to_string())),
        }
        let (key, expires_at) = (R::key(entity.id()), entity.expires_at());
        change.write_item(key, entity, R::KIND, entries, expires_at, condition, None)
    }

    /// Deletes an entity that has the version before `last`, with the event that results. The event refers to
    /// `last`, which is not stored.
    #[must_use]
    pub fn delete_entity<R: Entity>(self, last: &R, event: R::Event) -> Self
    where
        R::Id: ToString,
    {
        let mut change = self.announce(last.id().to_string(), last.version(), &event);
        let condition = last.version().previous().map_or(Condition::Absent, Condition::AtVersion);
        let (key, operation) = (R::key(last.id()), Operation::Delete);
        change.writes.push(Write { key, operation, condition, refusal: None });
        change
    }

    /// Stores an unversioned record; returns the error `taken` if one exists under its key.
    #[must_use]
    pub fn claim<R: Record>(self, id: &R::Id, record: &R, taken: E) -> Self {
        let (entries, refusal) = (IndexEntries::default(), Some(taken));
        self.write_item(R::key(id), record, R::KIND, entries, None, Condition::Absent, refusal)
    }

    /// Replaces an unversioned record whose `attribute` is `value`; returns the error `otherwise` if it has
    /// another value or does not exist.
    #[must_use]
    pub fn replace<R: Record>(
        self,
        id: &R::Id,
        record: &R,
        attribute: &'static str,
        value: &str,
        otherwise: E,
    ) -> Self {
        let condition = Condition::Is(attribute, value.to_owned());
        self.write_item(
            R::key(id),
            record,
            R::KIND,
            IndexEntries::default(),
            None,
            condition,
            Some(otherwise),
        )
    }

    /// Stores an unversioned record, whether or not one exists.
    #[must_use]
    pub fn overwrite<R: Record>(self, id: &R::Id, record: &R) -> Self {
        self.write_item(R::key(id), record, R::KIND, IndexEntries::default(), None, Condition::Always, None)
    }

    /// Stores an unversioned record, whether or not one exists, with a time to live.
    #[must_use]
    pub fn put_until<R: Record>(self, id: &R::Id, record: &R, expires_at: Timestamp) -> Self {
        let (listings, until) = (IndexEntries::default(), Some(expires_at));
        self.write_item(R::key(id), record, R::KIND, listings, until, Condition::Always, None)
    }

    /// Adjusts counters; returns the error `exhausted` if one of them would fall below zero.
    #[must_use]
    pub fn adjust<R: Record>(mut self, id: &R::Id, adjustment: Adjustment, exhausted: E) -> Self {
        let (operation, condition) = (Operation::Adjust(adjustment), Condition::NoneBelowZero);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: Some(exhausted) });
        self
    }

    /// Like [`adjust`](Self::adjust), but the write is left out if the record does not exist.
    #[must_use]
    pub fn adjust_if_exists<R: Record>(mut self, id: &R::Id, adjustment: Adjustment, exhausted: E) -> Self {
        let (operation, condition) = (Operation::Adjust(adjustment), Condition::NoneBelowZeroIfExists);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: Some(exhausted) });
        self
    }

    /// Adjusts counters and replaces notes unconditionally.
    #[must_use]
    pub fn adjust_unchecked<R: Record>(mut self, id: &R::Id, adjustment: Adjustment) -> Self {
        let (operation, condition) = (Operation::Adjust(adjustment), Condition::Always);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: None });
        self
    }

    /// Requires, without writing, that the record's `attribute` is `value`; returns the error `otherwise` if
    /// it is not.
    #[must_use]
    pub fn require<R: Record>(
        mut self,
        id: &R::Id,
        attribute: &'static str,
        value: &str,
        otherwise: E,
    ) -> Self {
        let condition = Condition::Is(attribute, value.to_owned());
        let (key, operation, refusal) = (R::key(id), Operation::Check, Some(otherwise));
        self.writes.push(Write { key, operation, condition, refusal });
        self
    }

    /// Requires, without writing, that an entity still has this version.
    #[must_use]
    pub fn require_unchanged<R: Entity>(mut self, entity: &R) -> Self {
        let condition = Condition::AtVersion(entity.version());
        let (key, operation) = (R::key(entity.id()), Operation::Check);
        self.writes.push(Write { key, operation, condition, refusal: None });
        self
    }

    /// Deletes a record whose `counter` is zero; returns the error `otherwise` if it is not.
    #[must_use]
    pub fn delete_if_zero<R: Record>(mut self, id: &R::Id, counter: &'static str, otherwise: E) -> Self {
        let (operation, condition) = (Operation::Delete, Condition::Zero(counter));
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: Some(otherwise) });
        self
    }

    /// Deletes a record unconditionally.
    #[must_use]
    pub fn remove<R: Record>(mut self, id: &R::Id) -> Self {
        let (operation, condition) = (Operation::Delete, Condition::Always);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: None });
        self
    }

    /// The writes of the transaction.
    #[must_use]
    pub fn writes(&self) -> &[Write<E>] {
        &self.writes
    }

    /// The events to store in the outbox or in the event log.
    #[must_use]
    pub fn events(&self) -> &[UncommittedEvent] {
        &self.events
    }

    /// Replaces the output.
    #[must_use]
    pub fn with_output<U>(self, output: U) -> Change<U, E> {
        Change { output, writes: self.writes, events: self.events, malformed: self.malformed }
    }

    /// Converts the errors of failed conditions.
    #[must_use]
    pub fn map_refusal<F>(self, convert: impl Fn(E) -> F) -> Change<T, F> {
        let convert = |Write { key, operation, condition, refusal }: Write<E>| {
            let refusal = refusal.map(&convert);
            Write { key, operation, condition, refusal }
        };
        let writes = self.writes.into_iter().map(convert).collect();
        Change { output: self.output, writes, events: self.events, malformed: self.malformed }
    }

    /// Splits the change into output, writes and events, for the store.
    ///
    /// # Errors
    /// [`MalformedItem`] if a record or event could not be serialised.
    #[expect(clippy::type_complexity, reason = "destructured in one place, by the store")]
    pub fn into_parts(self) -> Result<(T, Vec<Write<E>>, Vec<UncommittedEvent>), MalformedItem> {
        match self.malformed {
            Some(malformed) => Err(malformed),
            None => Ok((self.output, self.writes, self.events)),
        }
    }

    fn announce(mut self, subject: String, sequence: Version, event: &impl Event) -> Self {
        match UncommittedEvent::of(subject, sequence, event) {
            Ok(event) => self.events.extend(event),
            Err(error) => self.malformed = Some(MalformedItem::new(event.name(), error.to_string())),
        }
        self
    }

    #[expect(clippy::too_many_arguments, reason = "private: each caller fixes all but two arguments")]
    fn write_item(
        mut self,
        key: Key,
        record: &impl Serialize,
        kind: &'static str,
        index_entries: IndexEntries,
        expires_at: Option<Timestamp>,
        condition: Condition,
        refusal: Option<E>,
    ) -> Self {
        match serde_dynamo::to_item(record) {
            Ok(item) => {
                let operation = Operation::Put { item, kind, index_entries, expires_at };
                self.writes.push(Write { key, operation, condition, refusal });
            }
            Err(error) => self.malformed = Some(MalformedItem::new(kind, error.to_string())),
        }
        self
    }
}
