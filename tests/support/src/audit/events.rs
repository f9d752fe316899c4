//! Events: each version has exactly one, if anybody hears of it, and none is without its version.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::market::Market;
use shared::domain::order::Order;
use shared::domain::product::Product;
use shared::domain::user::User;
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{Entity, Key, Version};

use super::items::read;
use super::{History, Invariant, Violation};

/// The versions of which there was an event, by the subject; each as often as it was written.
type Announced = BTreeMap<String, Vec<u64>>;

/// Every event that was ever written.
pub(super) fn ever_written(history: &History) -> Vec<OutboxEvent> {
    let outbox = history.of_kind(OUTBOX_KIND);
    outbox.flat_map(|(_, images, _)| images.into_iter().map(read).collect::<Vec<_>>()).collect()
}

pub(super) fn of_every_version(history: &History) -> Vec<Violation> {
    let mut announced = Announced::new();
    for event in ever_written(history) {
        if let Some((subject, version)) = event.event_id.as_str().rsplit_once('.') {
            announced.entry(subject.to_owned()).or_default().push(version.parse().unwrap_or_default());
        }
    }
    let mut found = Vec::new();
    for (subject, versions) in &announced {
        let distinct: BTreeSet<u64> = versions.iter().copied().collect();
        if distinct.len() != versions.len() {
            let was = format!("{versions:?}");
            found.push(Violation::new(Invariant::Outbox, subject, "one event for each version", was));
        }
    }
    found.extend(heard_in_every_version::<User>(history, &announced));
    found.extend(heard_in_every_version::<Market>(history, &announced));
    found.extend(heard_in_every_version::<Product>(history, &announced));
    found.extend(of_orders(history, &announced));
    found
}

/// For what others hear of whenever it changes.
fn heard_in_every_version<R: Entity>(history: &History, announced: &Announced) -> Vec<Violation>
where
    R::Id: std::fmt::Display,
{
    let mut found = Vec::new();
    for (key, versions, removed) in history.of::<R>() {
        let Some(last) = versions.last() else { continue };
        let subject = last.id().to_string();
        let end = last.version().get() + u64::from(removed);
        compare(key, (1..=end).collect(), announced.get(&subject), &mut found);
    }
    found
}

/// Orders take steps that nobody hears of: those that change neither the status nor what is to be given back.
fn of_orders(history: &History, announced: &Announced) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, versions, _) in history.of::<Order>() {
        let Some(first) = versions.first() else { continue };
        let subject = first.id.to_string();
        let told = versions
            .windows(2)
            .filter(|pair| pair[0].status != pair[1].status || pair[0].refunds.len() < pair[1].refunds.len());
        let must: BTreeSet<u64> =
            told.map(|pair| pair[1].version.get()).chain([Version::FIRST.get()]).collect();
        let may: BTreeSet<u64> = versions.iter().map(|order| order.version.get()).collect();
        let there: BTreeSet<u64> = announced.get(&subject).into_iter().flatten().copied().collect();
        if !must.is_subset(&there) || !there.is_subset(&may) {
            let expected = format!("events of the versions {must:?}, and of none that is not there");
            found.push(Violation::new(Invariant::Outbox, &key.pk, expected, format!("events of {there:?}")));
        }
    }
    found
}

fn compare(key: &Key, expected: BTreeSet<u64>, there: Option<&Vec<u64>>, found: &mut Vec<Violation>) {
    let there: BTreeSet<u64> = there.into_iter().flatten().copied().collect();
    if there != expected {
        let (expected, was) =
            (format!("events of the versions {expected:?}"), format!("events of {there:?}"));
        found.push(Violation::new(Invariant::Outbox, &key.pk, expected, was));
    }
}
