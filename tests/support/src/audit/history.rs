//! How the table came to be what it is: every version of every item, from its stream.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::kit::command::{Item, Key, Record};

use super::items::{read, text};
use crate::app::TestApp;

/// One change of an item.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which item.
    pub key: Key,
    /// What it became; nothing, if it was removed.
    pub image: Option<Item>,
}

/// Every change of every item, each item's oldest first.
#[derive(Debug, Clone, Default)]
pub struct History(BTreeMap<Key, Vec<Option<Item>>>);

impl History {
    /// Reads all of the table's stream.
    ///
    /// # Panics
    /// If the stream holds what does not read.
    #[must_use]
    pub fn read(shop: &TestApp) -> Self {
        let mut history = Self::default();
        for change in shop.stack().history("Table") {
            let part = |name: &str| change.key[name]["S"].as_str().unwrap_or_default().to_owned();
            let key = Key { pk: part("pk"), sk: part("sk") };
            history.0.entry(key).or_default().push(change.image.map(item));
        }
        history
    }

    /// A history of these changes, for trying out what is made of one.
    #[must_use]
    pub fn of_changes(changes: impl IntoIterator<Item = Change>) -> Self {
        let mut history = Self::default();
        for change in changes {
            history.0.entry(change.key).or_default().push(change.image);
        }
        history
    }

    /// Each item with what it was, version by version; nothing stands for its removal.
    pub fn items(&self) -> impl Iterator<Item = (&Key, &[Option<Item>])> {
        self.0.iter().map(|(key, images)| (key, images.as_slice()))
    }

    /// Each item of a kind with what it was, and whether it was removed in the end.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Key, Vec<&'a Item>, bool)> {
        self.items().filter_map(move |(key, images)| {
            let written: Vec<&Item> = images.iter().flatten().collect();
            let is_one = written.first().is_some_and(|first| text(first, "kind") == kind);
            is_one.then(|| (key, written, images.last().is_some_and(Option::is_none)))
        })
    }

    /// Each record of a kind with what it was, and whether it was removed in the end.
    pub fn of<R: Record>(&self) -> impl Iterator<Item = (&Key, Vec<R>, bool)> {
        self.of_kind(R::KIND)
            .map(|(key, images, removed)| (key, images.into_iter().map(read).collect(), removed))
    }
}

fn item(image: Value) -> Item {
    serde_json::from_value(image).expect("what was stored reads")
}
