//! What a decision changes: a value, until a store commits it.

use serde::Serialize;

use super::event::{Event, ForwardedMessage};
use super::record::{Entity, IndexEntries, Item, Key, MalformedItem, Record, Version};
use crate::kit::system::clock::Timestamp;

/// All that one decision changes, and what its caller is told.
///
/// `E` is the command's error: a write may carry the refusal that its failed condition means.
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
    /// The item that is written.
    pub key: Key,
    /// What is done to it.
    pub operation: Operation,
    /// What must hold for it.
    pub condition: Condition,
    /// What a failed condition means to the domain. `None`: someone was faster, decide again.
    pub refusal: Option<E>,
}

/// What is done to an item.
#[derive(Debug, Clone)]
pub enum Operation {
    /// It becomes this.
    Put {
        /// The record's own attributes.
        item: Item,
        /// Its kind.
        kind: &'static str,
        /// The lists it appears in from now on.
        listings: IndexEntries,
        /// When the table may forget it.
        expires_at: Option<Timestamp>,
    },
    /// Its counters move, its notes are replaced; the rest of it stays.
    Adjust(Adjustment),
    /// Nothing: the condition alone matters.
    Check,
    /// It goes.
    Delete,
}

/// What must hold for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There is none yet.
    Absent,
    /// It stands at this version.
    AtVersion(Version),
    /// It is there, and this attribute has this value.
    Is(&'static str, String),
    /// It is there, and this counter is zero.
    Zero(&'static str),
    /// None of its counters falls below zero by the adjustment.
    NoneBelowZero,
    /// Nothing.
    Always,
}

/// How counters of an item move and which notes are replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// The item's kind.
    pub kind: &'static str,
    /// What is added to each counter; negative takes away.
    pub counters: Vec<(&'static str, i64)>,
    /// The notes that are replaced.
    pub notes: Vec<(&'static str, String)>,
}

impl Adjustment {
    /// Nothing yet, of a record of kind `R`.
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

/// An event with the entity and version it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct UncommittedEvent {
    /// The entity's id.
    pub subject: String,
    /// The version that it reached.
    pub sequence: Version,
    /// The event's name.
    pub name: &'static str,
    /// The event, as `{"type": …, "data": …}`.
    pub event: serde_json::Value,
    /// What is sent in its place, if it stands for a message that was sent before.
    pub forwards: Option<ForwardedMessage>,
}

impl<T, E> Change<T, E> {
    /// A change of nothing yet, that answers `output`.
    pub const fn of(output: T) -> Self {
        Self { output, writes: Vec::new(), events: Vec::new(), malformed: None }
    }

    /// Stores the next version of an entity (or its first), with the event that this causes.
    ///
    /// The version is the guard: a first version must find nothing, a later one must find its predecessor.
    #[must_use]
    pub fn save<R: Entity>(self, entity: &R, event: R::Event) -> Self
    where
        R::Id: ToString,
    {
        self.announce(entity.id().to_string(), entity.version(), &event).put(entity, None)
    }

    /// As [`save`](Self::save) of a first version; finding one already there is the refusal `taken`.
    #[must_use]
    pub fn save_new<R: Entity>(self, entity: &R, event: R::Event, taken: E) -> Self
    where
        R::Id: ToString,
    {
        self.announce(entity.id().to_string(), entity.version(), &event).put(entity, Some(taken))
    }

    /// Removes an entity that is at the version before `last`, with the event that this causes; `last` is what the event
    /// speaks of, and is not stored.
    #[must_use]
    pub fn delete_entity<R: Entity>(self, last: &R, event: R::Event) -> Self
    where
        R::Id: ToString,
    {
        let mut change = self.announce(last.id().to_string(), last.version(), &event);
        let condition = last.version().previous().map_or(Condition::Absent, Condition::AtVersion);
        change.writes.push(Write {
            key: R::key(last.id()),
            operation: Operation::Delete,
            condition,
            refusal: None,
        });
        change
    }

    /// Stores a record that has no versions, where there is none yet; finding one is the refusal `taken`.
    #[must_use]
    pub fn claim<R: Record>(self, id: &R::Id, record: &R, taken: E) -> Self {
        let refusal = Some(taken);
        self.write_item(
            R::key(id),
            record,
            R::KIND,
            IndexEntries::default(),
            None,
            Condition::Absent,
            refusal,
        )
    }

    /// Stores a record that has no versions over the one whose `attribute` is `value`; finding another, or none, is
    /// the refusal `otherwise`.
    #[must_use]
    pub fn replace<R: Record>(
        self,
        id: &R::Id,
        record: &R,
        (attribute, value): (&'static str, &str),
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

    /// Stores a record that has no versions, over whatever is there.
    #[must_use]
    pub fn overwrite<R: Record>(self, id: &R::Id, record: &R) -> Self {
        self.write_item(R::key(id), record, R::KIND, IndexEntries::default(), None, Condition::Always, None)
    }

    /// Stores a record that has no versions, over whatever is there, until the table may forget it.
    #[must_use]
    pub fn put_until<R: Record>(self, id: &R::Id, record: &R, expires_at: Timestamp) -> Self {
        let (listings, until) = (IndexEntries::default(), Some(expires_at));
        self.write_item(R::key(id), record, R::KIND, listings, until, Condition::Always, None)
    }

    /// Moves counters, none of which may fall below zero: that would be the refusal `exhausted`.
    #[must_use]
    pub fn adjust<R: Record>(mut self, id: &R::Id, adjustment: Adjustment, exhausted: E) -> Self {
        let (operation, condition) = (Operation::Adjust(adjustment), Condition::NoneBelowZero);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: Some(exhausted) });
        self
    }

    /// Moves counters and replaces notes, come what may.
    #[must_use]
    pub fn adjust_unchecked<R: Record>(mut self, id: &R::Id, adjustment: Adjustment) -> Self {
        let (operation, condition) = (Operation::Adjust(adjustment), Condition::Always);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: None });
        self
    }

    /// Demands, without writing to it, that a record's `attribute` is `value`; otherwise it is the refusal
    /// `otherwise`.
    #[must_use]
    pub fn require<R: Record>(
        mut self,
        id: &R::Id,
        attribute: &'static str,
        value: &str,
        otherwise: E,
    ) -> Self {
        let condition = Condition::Is(attribute, value.to_owned());
        self.writes.push(Write {
            key: R::key(id),
            operation: Operation::Check,
            condition,
            refusal: Some(otherwise),
        });
        self
    }

    /// Removes a record, one of whose counters must be zero; if it is not, that is the refusal `otherwise`.
    #[must_use]
    pub fn delete_if_zero<R: Record>(mut self, id: &R::Id, counter: &'static str, otherwise: E) -> Self {
        let (operation, condition) = (Operation::Delete, Condition::Zero(counter));
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: Some(otherwise) });
        self
    }

    /// Removes a record.
    #[must_use]
    pub fn remove<R: Record>(mut self, id: &R::Id) -> Self {
        let (operation, condition) = (Operation::Delete, Condition::Always);
        self.writes.push(Write { key: R::key(id), operation, condition, refusal: None });
        self
    }

    /// The items that it writes.
    #[must_use]
    pub fn writes(&self) -> &[Write<E>] {
        &self.writes
    }

    /// The events that it causes.
    #[must_use]
    pub fn events(&self) -> &[UncommittedEvent] {
        &self.events
    }

    /// The same change with another answer.
    #[must_use]
    pub fn with_output<U>(self, output: U) -> Change<U, E> {
        Change { output, writes: self.writes, events: self.events, malformed: self.malformed }
    }

    /// The answer, the writes and the events, for the store.
    ///
    /// # Errors
    /// [`MalformedItem`] if a record could not be turned into an item.
    #[expect(clippy::type_complexity, reason = "taken apart in one place, by the store")]
    pub fn into_parts(self) -> Result<(T, Vec<Write<E>>, Vec<UncommittedEvent>), MalformedItem> {
        match self.malformed {
            Some(malformed) => Err(malformed),
            None => Ok((self.output, self.writes, self.events)),
        }
    }

    fn put<R: Entity>(self, entity: &R, refusal: Option<E>) -> Self {
        let condition = entity.version().previous().map_or(Condition::Absent, Condition::AtVersion);
        let (listings, expires_at) = (entity.listings(), entity.expires_at());
        self.write_item(R::key(entity.id()), entity, R::KIND, listings, expires_at, condition, refusal)
    }

    fn announce(mut self, subject: String, sequence: Version, event: &impl Event) -> Self {
        if event.has_subscribers() {
            match serde_json::to_value(event) {
                Ok(value) => {
                    let (name, forwards) = (event.name(), event.forwarded_message());
                    self.events.push(UncommittedEvent { subject, sequence, name, event: value, forwards });
                }
                Err(error) => {
                    self.malformed = Some(MalformedItem { kind: event.name(), reason: error.to_string() });
                }
            }
        }
        self
    }

    #[expect(clippy::too_many_arguments, reason = "private: each caller fixes all but two of them")]
    fn write_item(
        mut self,
        key: Key,
        record: &impl Serialize,
        kind: &'static str,
        listings: IndexEntries,
        expires_at: Option<Timestamp>,
        condition: Condition,
        refusal: Option<E>,
    ) -> Self {
        match serde_dynamo::to_item(record) {
            Ok(item) => {
                let operation = Operation::Put { item, kind, listings, expires_at };
                self.writes.push(Write { key, operation, condition, refusal });
            }
            Err(error) => self.malformed = Some(MalformedItem { kind, reason: error.to_string() }),
        }
        self
    }
}
