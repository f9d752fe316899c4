//! History of the table: every version of every item, read from the stream.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::kit::command::{Item, Key, Record};

use super::items::{read, text};
use crate::app::TestApp;

/// One change of an item.
#[derive(Debug, Clone)]
pub struct Change {
    /// Key of the item.
    pub key: Key,
    /// New image; `None` if the item was deleted.
    pub image: Option<Item>,
}

/// Changes of each item, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History(BTreeMap<Key, Vec<Option<Item>>>);

impl History {
    /// Reads the whole stream of the table.
    ///
    /// # Panics
    /// If the stream contains an invalid item.
    #[must_use]
    pub fn read(app: &TestApp) -> Self {
        let mut history = Self::default();
        for change in app.stack().history("Table") {
            let part = |name: &str| change.key[name]["S"].as_str().unwrap_or_default().to_owned();
            let key = Key { pk: part("pk"), sk: part("sk") };
            history.0.entry(key).or_default().push(change.image.map(item));
        }
        history
    }

    /// Creates a history of these changes.
    #[must_use]
    pub fn of_changes(changes: impl IntoIterator<Item = Change>) -> Self {
        let mut history = Self::default();
        for change in changes {
            history.0.entry(change.key).or_default().push(change.image);
        }
        history
    }

    /// Each item with its images; `None` is a deletion.
    pub fn items(&self) -> impl Iterator<Item = (&Key, &[Option<Item>])> {
        self.0.iter().map(|(key, images)| (key, images.as_slice()))
    }

    /// Items of a kind with their images, and true if the item was finally deleted.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Key, Vec<&'a Item>, bool)> {
        self.items().filter_map(move |(key, images)| {
            let written: Vec<&Item> = images.iter().flatten().collect();
            let matches = written.first().is_some_and(|first| text(first, "kind") == kind);
            matches.then(|| (key, written, images.last().is_some_and(Option::is_none)))
        })
    }

    /// Records of a type with their versions, and true if the record was finally deleted.
    pub fn of<R: Record>(&self) -> impl Iterator<Item = (&Key, Vec<R>, bool)> {
        self.of_kind(R::KIND)
            .map(|(key, images, removed)| (key, images.into_iter().map(read).collect(), removed))
    }
}

fn item(image: Value) -> Item {
    serde_json::from_value(image).expect("the stored item is valid")
}
