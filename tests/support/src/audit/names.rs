//! Terms of names: those that are stored, and those that the markets, products and accounts must have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_dynamo::AttributeValue;
use shared::domain::market::Market;
use shared::domain::product::Product;
use shared::domain::user::User;
use shared::kit::command::{Item, Key, Record};
use shared::kit::system::clock::Timestamp;
use shared::projections::name_index::{HasName, NameEntry, NameTerm};
use shared::projections::search_index::Indexed;

use super::Items;
use super::items::key;

/// Content of each term that is stored, by key.
pub(super) fn stored_terms(items: &Items) -> BTreeMap<String, String> {
    let term = |item: &Item| {
        let attributes =
            item.inner().iter().filter(|(name, _)| !["pk", "sk", "kind"].contains(&name.as_str()));
        (subject(&key(item)), content(attributes))
    };
    // The kind is the same for markets, products and accounts.
    items.of_kind(NameTerm::<Market>::KIND).map(term).collect()
}

/// Content of each term that a market, product or account must have, by key.
pub(super) fn expected_terms(items: &Items) -> BTreeMap<String, String> {
    let markets = items.of::<Market>().flat_map(|market| name_terms(&market));
    let products = items.of::<Product>().flat_map(|product| name_terms(&product));
    let users = items.of::<User>().flat_map(|user| name_terms(&user));
    markets.chain(products).chain(users).collect()
}

fn name_terms<N: HasName>(entity: &N) -> Vec<(String, String)> {
    let entry = NameEntry::next(None, *entity.id(), Some(entity), Timestamp::from_millis(0));
    let keys = entry.iter().flat_map(NameEntry::term_keys);
    let term = NameTerm::<N>(entity.name_terms().summary);
    let item: Item = serde_dynamo::to_item(&term).expect("the summary is serialised");
    let content = content(item.inner().iter());
    keys.map(|key| (subject(&NameTerm::<N>::key(&key)), content.clone())).collect()
}

/// Attributes as text, sorted by name, also those of maps.
fn content<'a>(attributes: impl Iterator<Item = (&'a String, &'a AttributeValue)>) -> String {
    let attributes = attributes.map(|(name, value)| match value {
        AttributeValue::M(map) => (name, content(map.iter())),
        value => (name, format!("{value:?}")),
    });
    format!("{:?}", attributes.collect::<BTreeMap<_, _>>())
}

fn subject(key: &Key) -> String {
    format!("{} {}", key.pk, key.sk)
}

/// Id of each entity with a name entry, and its indexed version.
pub(super) fn name_entries(items: &Items) -> impl Iterator<Item = (String, Indexed)> {
    items.of_kind(NameEntry::<Market>::KIND).map(indexed_name)
}

/// Id of the entity of a name entry, and its indexed version.
///
/// # Panics
/// If the item is not a name entry.
pub(super) fn indexed_name(item: &Item) -> (String, Indexed) {
    /// Attributes of every name entry.
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        indexed: Indexed,
    }
    let entry: Entry = serde_dynamo::from_item(item.clone()).expect("the name entry is valid");
    (entry.id, entry.indexed)
}
