//! What a decision needs to know, named before it is loaded, so that all of it is one request.

use std::collections::HashMap;

use super::record::{Item, Key, MalformedItem, Record};

/// The keys to load, and how to make the state of the decision from what was found.
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

    /// Makes the state from what was found.
    ///
    /// # Errors
    /// [`MalformedItem`] if a stored item does not read as what it should be.
    pub fn assemble(&self, loaded: &LoadedItems) -> Result<T, MalformedItem> {
        (self.assemble)(loaded)
    }

    /// Both of two reads, still in one request.
    #[must_use]
    pub fn and<U: 'static>(self, other: ReadSet<U>) -> ReadSet<(T, U)> {
        let mut keys = self.keys;
        keys.extend(other.keys);
        let (left, right) = (self.assemble, other.assemble);
        ReadSet { keys, assemble: Box::new(move |loaded| Ok((left(loaded)?, right(loaded)?))) }
    }
}

impl ReadSet<()> {
    /// For decisions that need to know nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self { keys: Vec::new(), assemble: Box::new(|_| Ok(())) }
    }
}

impl<R: Record> ReadSet<Option<R>> {
    /// One record, if it is there.
    #[must_use]
    pub fn get(id: &R::Id) -> Self {
        let key = R::key(id);
        Self { keys: vec![key.clone()], assemble: Box::new(move |loaded| loaded.record::<R>(&key)) }
    }
}

impl<R: Record> ReadSet<Vec<Option<R>>> {
    /// Several records, in the order of `ids`; the absent ones as `None`.
    #[must_use]
    pub fn get_all<'a>(ids: impl IntoIterator<Item = &'a R::Id>) -> Self
    where
        R::Id: 'a,
    {
        let keys: Vec<Key> = ids.into_iter().map(R::key).collect();
        let wanted = keys.clone();
        let assemble = move |loaded: &LoadedItems| wanted.iter().map(|key| loaded.record::<R>(key)).collect();
        Self { keys, assemble: Box::new(assemble) }
    }
}

/// The items that one batch read found.
#[derive(Debug, Default, PartialEq)]
pub struct LoadedItems(HashMap<Key, Item>);

impl LoadedItems {
    /// The record under `key`, if there is one.
    ///
    /// # Errors
    /// [`MalformedItem`] if what stands there is not an `R`.
    pub fn record<R: Record>(&self, key: &Key) -> Result<Option<R>, MalformedItem> {
        self.0.get(key).map(|item| parse(item.clone())).transpose()
    }

    /// What was found under these `keys` alone.
    #[must_use]
    pub fn restrict_to<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Self {
        keys.into_iter().filter_map(|key| Some((key.clone(), self.0.get(key)?.clone()))).collect()
    }

    /// The item under `key`, as it is stored.
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

/// Reads an item as the record it is.
///
/// # Errors
/// [`MalformedItem`] if it is not an `R`.
pub fn parse<R: Record>(item: Item) -> Result<R, MalformedItem> {
    serde_dynamo::from_item(item).map_err(|error| MalformedItem { kind: R::KIND, reason: error.to_string() })
}
