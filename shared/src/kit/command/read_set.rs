//! Read sets: the keys of a decision's state, declared before loading, so that one request loads them all.

use std::collections::HashMap;

use super::record::{Item, Key, MalformedItem, Record};

/// The keys to load, and a function that assembles the state from the items found.
pub struct ReadSet<T> {
    keys: Vec<Key>,
    assemble: Assemble<T>,
}

type Assemble<T> = Box<dyn Fn(&LoadedItems) -> Result<T, MalformedItem> + Send + Sync>;

impl<T: 'static> ReadSet<T> {
    /// The keys to load.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Assembles the state from the items found.
    ///
    /// # Errors
    /// [`MalformedItem`] if a stored item cannot be parsed.
    pub fn assemble(&self, loaded: &LoadedItems) -> Result<T, MalformedItem> {
        (self.assemble)(loaded)
    }

    /// Combines two read sets into one.
    #[must_use]
    pub fn and<U: 'static>(self, other: ReadSet<U>) -> ReadSet<(T, U)> {
        let mut keys = self.keys;
        keys.extend(other.keys);
        let (left, right) = (self.assemble, other.assemble);
        ReadSet { keys, assemble: Box::new(move |loaded| Ok((left(loaded)?, right(loaded)?))) }
    }
}

impl ReadSet<()> {
    /// A read set without keys, for decisions without state.
    #[must_use]
    pub fn empty() -> Self {
        Self { keys: Vec::new(), assemble: Box::new(|_| Ok(())) }
    }
}

impl<R: Record> ReadSet<Option<R>> {
    /// One record, if it exists.
    #[must_use]
    pub fn get(id: &R::Id) -> Self {
        let key = R::key(id);
        Self { keys: vec![key.clone()], assemble: Box::new(move |loaded| loaded.record::<R>(&key)) }
    }
}

impl<R: Record> ReadSet<Vec<Option<R>>> {
    /// Several records, in the order of `ids`; `None` for those that do not exist.
    #[must_use]
    pub fn get_all<'a>(ids: impl IntoIterator<Item = &'a R::Id>) -> Self
    where
        R::Id: 'a,
    {
        let keys: Vec<Key> = ids.into_iter().map(R::key).collect();
        let order = keys.clone();
        let assemble = move |loaded: &LoadedItems| order.iter().map(|key| loaded.record::<R>(key)).collect();
        Self { keys, assemble: Box::new(assemble) }
    }
}

/// A record, or the reason why its item cannot be parsed.
pub type Parsed<R> = Result<R, MalformedItem>;

impl<R: Record> ReadSet<Vec<Option<Parsed<R>>>> {
    /// Several records, in the order of `ids`, for loops in which an item that cannot be parsed must not stop
    /// the others.
    #[must_use]
    pub fn get_each<'a>(ids: impl IntoIterator<Item = &'a R::Id>) -> Self
    where
        R::Id: 'a,
    {
        let keys: Vec<Key> = ids.into_iter().map(R::key).collect();
        let order = keys.clone();
        let assemble = move |loaded: &LoadedItems| {
            Ok(order.iter().map(|key| loaded.record::<R>(key).transpose()).collect())
        };
        Self { keys, assemble: Box::new(assemble) }
    }
}

/// Returns the record of a parsed item, or reports that the item cannot be parsed.
#[must_use]
pub fn parsed_or_reported<R>(parsed: Parsed<R>) -> Option<R> {
    parsed.inspect_err(MalformedItem::report).ok()
}

/// The items found by one batch read.
#[derive(Debug, Default, PartialEq)]
pub struct LoadedItems(HashMap<Key, Item>);

impl LoadedItems {
    /// Returns the record under `key`, if it exists.
    ///
    /// # Errors
    /// [`MalformedItem`] if the item is not a valid `R`.
    pub fn record<R: Record>(&self, key: &Key) -> Result<Option<R>, MalformedItem> {
        let parsed = self.0.get(key).map(|item| parse(item.clone())).transpose();
        parsed.map_err(|malformed: MalformedItem| malformed.at(key))
    }

    /// Keeps only the items under these `keys`.
    #[must_use]
    pub fn restrict_to<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Self {
        keys.into_iter().filter_map(|key| Some((key.clone(), self.0.get(key)?.clone()))).collect()
    }

    /// Returns the stored item under `key`, if it exists.
    #[must_use]
    pub fn item(&self, key: &Key) -> Option<&Item> {
        self.0.get(key)
    }
}

impl FromIterator<(Key, Item)> for LoadedItems {
    fn from_iter<I: IntoIterator<Item = (Key, Item)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

/// Parses an item as a record.
///
/// # Errors
/// [`MalformedItem`] if the item is not a valid `R`.
pub fn parse<R: Record>(item: Item) -> Result<R, MalformedItem> {
    serde_dynamo::from_item(item).map_err(|error| MalformedItem::new(R::KIND, error.to_string()))
}
