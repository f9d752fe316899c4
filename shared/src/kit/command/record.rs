//! Stored data: records under keys, and entities with versions.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::Event;
use super::version::Version;
use crate::kit::system::clock::Timestamp;
use crate::kit::telemetry::catalogue::DAMAGED_ITEMS;
use crate::kit::telemetry::metrics;

/// A stored item: attribute names and values in DynamoDB's data model.
pub type Item = serde_dynamo::Item;

/// Primary key of an item. Built only in the modules that own a key scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// A type that is stored as one item.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Kind of the item; stored with it.
    const KIND: &'static str;
    /// Id that determines the key.
    type Id;

    /// Returns the key of the record with this id.
    fn key(id: &Self::Id) -> Key;
}

/// A record with versions; each change is conditional on the version it was decided on.
pub trait Entity: Record {
    /// Events of its changes; [`NoEvents`](super::NoEvents) for entities without subscribers.
    type Event: Event;

    /// Id of the entity.
    fn id(&self) -> &Self::Id;

    /// Current version.
    fn version(&self) -> Version;

    /// Index entries of this version.
    fn index_entries(&self) -> IndexEntries {
        IndexEntries::default()
    }

    /// Part of the entity that lists show; `None` if its index entries contain the whole entity.
    fn summary(&self) -> Option<impl Serialize> {
        None::<()>
    }

    /// Time after which the table may delete the entity, if any. Readers check it themselves: DynamoDB
    /// deletes expired items up to days late.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// Index entries of an entity: (partition, sort value) in each index. The entity does not appear in an index
/// without an entry. The indexes by name and by owner contain only summaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexEntries {
    /// Children of a parent (index `by-parent` or `summaries-by-parent`).
    pub by_parent: Option<(String, String)>,
    /// Name of the entity, if the children are also listed by name (index `summaries-by-name`).
    pub name: Option<String>,
    /// Entities of an owner (index `summaries-by-owner`).
    pub by_owner: Option<(String, String)>,
    /// Entities that are due at a time (index `due`).
    pub due: Option<(String, String)>,
    /// Part of the entity that lists show.
    pub summary: Option<Box<serde_dynamo::AttributeValue>>,
}

/// A stored item cannot be parsed, or a record cannot be serialised. The message names the kind and the key.
/// It does not contain the reason, because the parser may quote the item.
#[derive(Debug, Clone, thiserror::Error)]
#[error("malformed item of kind {kind}{}", location(.key.as_ref()))]
pub struct MalformedItem {
    /// Expected kind.
    pub kind: &'static str,
    /// Key of the stored item, if it is known.
    pub key: Option<Key>,
    /// Message of the parser.
    pub reason: String,
}

impl MalformedItem {
    /// A record or item of this kind, without a key.
    #[must_use]
    pub const fn new(kind: &'static str, reason: String) -> Self {
        Self { kind, key: None, reason }
    }

    /// Sets the key of the stored item.
    #[must_use]
    pub fn at(self, key: &Key) -> Self {
        Self { key: Some(key.clone()), ..self }
    }

    /// Logs the key of an item that is skipped, and counts the item.
    pub fn report(&self) {
        let (pk, sk) = self.key.as_ref().map(|key| (key.pk.as_str(), key.sk.as_str())).unzip();
        tracing::error!(kind = self.kind, pk, sk, "skipped an item that cannot be parsed");
        metrics::count(&DAMAGED_ITEMS, []);
    }
}

fn location(key: Option<&Key>) -> String {
    key.map(|Key { pk, sk }| format!(" under the key {pk}, {sk}")).unwrap_or_default()
}
