//! What is counted and indexed: equal to a recount, up to date, and never taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use shared::domain::market::Market;
use shared::domain::product::Product;
use shared::kit::command::{Key, Record};
use shared::kit::system::clock::Timestamp;
use shared::messaging::event_routing::{Subscriber, subscribers};
use shared::projections::search_index::{Document, EmbedderName, IndexEntry, Indexed, TermEntry};
use shared::projections::tally::{Counted, Tally};

use super::events::ever_written;
use super::items::key;
use super::{History, Invariant, Items, Violation};
use crate::recount::Counts;

/// Counters are what there is to be counted; postings are those of the documents that there are.
pub(super) fn as_a_recount_has_them(items: &Items, (counted, there): &(Counts, Counts)) -> Vec<Violation> {
    let mut found = differences("list", &counted.lists, &there.lists);
    found.extend(differences("figures of", &counted.markets, &there.markets));
    let days = |counts: &Counts| -> BTreeMap<String, (i64, i64, i64)> {
        counts.days.iter().map(|((market, day), sold)| (format!("{market} on {day}"), *sold)).collect()
    };
    found.extend(differences("sales of", &days(counted), &days(there)));
    let markets = items.of::<Market>().map(|market| Document::from(&market));
    let documents = markets.chain(items.of::<Product>().map(|product| Document::from(&product)));
    let expected: BTreeSet<Key> = documents.flat_map(|document| postings(&document)).collect();
    let indexed: BTreeSet<Key> = items.of_kind(TermEntry::KIND).map(key).collect();
    for place in expected.symmetric_difference(&indexed) {
        let is = |there: bool| if there { "there is a posting" } else { "there is no posting" };
        let subject = format!("{} {}", place.pk, place.sk);
        let (expected, was) = (is(expected.contains(place)), is(indexed.contains(place)));
        found.push(Violation::new(Invariant::Outbox, subject, expected, was));
    }
    found
}

fn postings(document: &Document) -> Vec<Key> {
    let now = Timestamp::from_millis(0);
    let entry = IndexEntry::following(None, document.id, Some(document), EmbedderName::Hashed, now);
    entry.iter().flat_map(IndexEntry::posting_keys).map(|place| TermEntry::key(&place)).collect()
}

fn differences<K: Ord + Display, V: PartialEq + Debug>(
    what: &str,
    counted: &BTreeMap<K, V>,
    there: &BTreeMap<K, V>,
) -> Vec<Violation> {
    let names: BTreeSet<&K> = counted.keys().chain(there.keys()).collect();
    let differ = names.into_iter().filter(|name| counted.get(name) != there.get(name));
    let violation = |name: &K| {
        let (expected, was) = (format!("{:?}", there.get(name)), format!("counted {:?}", counted.get(name)));
        Violation::new(Invariant::Outbox, format!("{what} {name}"), expected, was)
    };
    differ.map(violation).collect()
}

/// Whoever counts or indexes has taken note of every event that it subscribes to, or of a later one.
pub(super) fn up_to_date(items: &Items, history: &History) -> Vec<Violation> {
    let tallies: BTreeMap<String, Option<u64>> =
        items.of::<Tally>().map(|tally| (tally.id.to_string(), counted_to(&tally))).collect();
    let entries: BTreeMap<String, Option<u64>> =
        items.of::<IndexEntry>().map(|entry| (entry.id.to_string(), indexed_to(&entry))).collect();
    let mut found = Vec::new();
    for event in ever_written(history) {
        let Some((subject, version)) = event.event_id.as_str().rsplit_once('.') else { continue };
        let version: u64 = version.parse().unwrap_or_default();
        for (subscriber, taken) in [(Subscriber::Analytics, &tallies), (Subscriber::SearchIndex, &entries)] {
            let hears = subscribers(&event.event).contains(&subscriber) && !subject.starts_with("dlt_");
            // What is gone outweighs every version.
            let is_in = taken.get(subject).is_some_and(|to| to.is_none_or(|to| to >= version));
            if hears && !is_in {
                let expected = format!("{} has taken note of it", subscriber.as_str());
                let was = format!("it has got to {:?}", taken.get(subject));
                found.push(Violation::new(Invariant::Outbox, &event.event_id, expected, was));
            }
        }
    }
    found
}

/// How far an entity was counted; nothing stands for its end.
fn counted_to(tally: &Tally) -> Option<u64> {
    match tally.counted {
        Counted::At(version) => Some(version.get()),
        Counted::Deleted(_) => None,
    }
}

/// How far a document was indexed; nothing stands for its end.
fn indexed_to(entry: &IndexEntry) -> Option<u64> {
    match entry.indexed {
        Indexed::At(version) => Some(version.get()),
        Indexed::Gone(_) => None,
    }
}

/// Nothing that was counted or indexed ever gave way to an older version.
pub(super) fn never_older(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, tallies, _) in history.of::<Tally>() {
        found.extend(older(key, tallies.iter().map(counted_to).collect()));
    }
    for (key, entries, _) in history.of::<IndexEntry>() {
        found.extend(older(key, entries.iter().map(indexed_to).collect()));
    }
    found
}

fn older(key: &Key, versions: Vec<Option<u64>>) -> Option<Violation> {
    let heights: Vec<u64> = versions.iter().map(|version| version.unwrap_or(u64::MAX)).collect();
    (!heights.is_sorted()).then(|| {
        let subject = format!("{} {}", key.pk, key.sk);
        let was = format!("it was of the versions {versions:?}");
        Violation::new(Invariant::Outbox, subject, "never of an older version than before", was)
    })
}
