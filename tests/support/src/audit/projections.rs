//! Projections: equal to a recount, up to date, and never older than before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use shared::domain::market::Market;
use shared::domain::product::Product;
use shared::kit::command::{Key, Record};
use shared::kit::system::clock::Timestamp;
use shared::messaging::event_routing::{Subscriber, subscribers};
use shared::projections::name_index::NameEntry;
use shared::projections::search_index::{Document, EmbedderName, IndexEntry, Indexed, TermEntry};
use shared::projections::tally::{Counted, Tally};

use super::events::ever_written;
use super::items::key;
use super::names::{expected_terms, indexed_name, name_entries, stored_terms};
use super::{History, Invariant, Items, Violation};
use crate::recount::Counts;

/// Checks counters against a recount, and term entries against the documents.
pub(super) fn equal_a_recount(items: &Items, stored: &Counts, recount: &Counts) -> Vec<Violation> {
    let mut found = differences("list", &stored.lists, &recount.lists);
    found.extend(differences("totals of", &stored.markets, &recount.markets));
    let days = |counts: &Counts| -> BTreeMap<String, (i64, i64, i64)> {
        counts.days.iter().map(|((market, day), sold)| (format!("{market} on {day}"), *sold)).collect()
    };
    found.extend(differences("sales of", &days(stored), &days(recount)));
    let balances = |counts: &Counts| -> BTreeMap<String, i64> {
        let name = |(partition, currency, account)| format!("{partition} {account} {currency}");
        counts.balances.iter().map(|(key, amount)| (name(key.clone()), *amount)).collect()
    };
    found.extend(differences("balance of", &balances(stored), &balances(recount)));
    let markets = items.of::<Market>().map(|market| Document::from(&market));
    let documents = markets.chain(items.of::<Product>().map(|product| Document::from(&product)));
    let expected: BTreeSet<Key> = documents.flat_map(|document| term_entries(&document)).collect();
    let indexed: BTreeSet<Key> = items.of_kind(TermEntry::KIND).map(key).collect();
    for key in expected.symmetric_difference(&indexed) {
        let presence = |exists: bool| if exists { "the term entry exists" } else { "no term entry" };
        let subject = format!("{} {}", key.pk, key.sk);
        let (expected, was) = (presence(expected.contains(key)), presence(indexed.contains(key)));
        found.push(Violation::new(Invariant::Outbox, subject, expected, was));
    }
    found.extend(differences("name term", &stored_terms(items), &expected_terms(items)));
    found
}

fn term_entries(document: &Document) -> Vec<Key> {
    let now = Timestamp::from_millis(0);
    let entry = IndexEntry::next(None, document.id, Some(document), EmbedderName::Hashed, now);
    entry.iter().flat_map(IndexEntry::term_entry_keys).map(|key| TermEntry::key(&key)).collect()
}

fn differences<K: Ord + Display, V: PartialEq + Debug>(
    subject: &str,
    stored: &BTreeMap<K, V>,
    recount: &BTreeMap<K, V>,
) -> Vec<Violation> {
    let names: BTreeSet<&K> = stored.keys().chain(recount.keys()).collect();
    let differ = names.into_iter().filter(|name| stored.get(name) != recount.get(name));
    let violation = |name: &K| {
        let (expected, was) = (format!("{:?}", recount.get(name)), format!("stored {:?}", stored.get(name)));
        Violation::new(Invariant::Outbox, format!("{subject} {name}"), expected, was)
    };
    differ.map(violation).collect()
}

/// Checks that each projection has consumed every event that it subscribes to, or a later one of the same
/// entity.
pub(super) fn up_to_date(items: &Items, history: &History) -> Vec<Violation> {
    let tallies: BTreeMap<String, Option<u64>> =
        items.of::<Tally>().map(|tally| (tally.id.to_string(), counted_to(&tally))).collect();
    let mut entries: BTreeMap<String, Option<u64>> =
        items.of::<IndexEntry>().map(|entry| (entry.id.to_string(), indexed_to(entry.indexed))).collect();
    // A market or product has an index entry and a name entry; the one with the lower version is checked.
    for (id, indexed) in name_entries(items) {
        let (to, least) = (indexed_to(indexed), |to: Option<u64>| to.unwrap_or(u64::MAX));
        let entry = entries.entry(id).or_insert(to);
        if least(to) < least(*entry) {
            *entry = to;
        }
    }
    let mut found = Vec::new();
    for event in ever_written(history) {
        let Some((subject, version)) = event.event_id.as_str().rsplit_once('.') else { continue };
        let version: u64 = version.parse().unwrap_or_default();
        for (subscriber, positions) in
            [(Subscriber::Analytics, &tallies), (Subscriber::SearchIndex, &entries)]
        {
            let subscribes = subscribers(&event.event).contains(&subscriber) && !subject.starts_with("dlt_");
            // A deletion is later than every version.
            let is_consumed = positions.get(subject).is_some_and(|to| to.is_none_or(|to| to >= version));
            if subscribes && !is_consumed {
                let expected = format!("consumed by {subscriber}");
                let was = format!("consumed up to version {:?}", positions.get(subject));
                found.push(Violation::new(Invariant::Outbox, &event.event_id, expected, was));
            }
        }
    }
    found
}

/// Version up to which an entity is counted; `None` if it is deleted.
fn counted_to(tally: &Tally) -> Option<u64> {
    match tally.counted {
        Counted::At(version) => Some(version.get()),
        Counted::Deleted(_) => None,
    }
}

/// Version up to which a document is indexed; `None` if it is deleted.
const fn indexed_to(indexed: Indexed) -> Option<u64> {
    match indexed {
        Indexed::At(version) => Some(version.get()),
        Indexed::Deleted(_) => None,
    }
}

/// Checks that no projection ever replaced a version with an older one.
pub(super) fn never_older(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, tallies, _) in history.of::<Tally>() {
        found.extend(older(key, tallies.iter().map(counted_to).collect()));
    }
    for (key, entries, _) in history.of_kind(NameEntry::<Market>::KIND) {
        found
            .extend(older(key, entries.into_iter().map(|entry| indexed_to(indexed_name(entry).1)).collect()));
    }
    for (key, entries, _) in history.of::<IndexEntry>() {
        found.extend(older(key, entries.iter().map(|entry| indexed_to(entry.indexed)).collect()));
    }
    found
}

fn older(key: &Key, versions: Vec<Option<u64>>) -> Option<Violation> {
    let positions: Vec<u64> = versions.iter().map(|version| version.unwrap_or(u64::MAX)).collect();
    (!positions.is_sorted()).then(|| {
        let subject = format!("{} {}", key.pk, key.sk);
        let was = format!("versions {versions:?}");
        Violation::new(Invariant::Outbox, subject, "versions never decrease", was)
    })
}
