//! Events: each version that has subscribers has exactly one event, and each event has its version.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::market::Market;
use shared::domain::order::{Order, Party};
use shared::domain::product::Product;
use shared::domain::user::User;
use shared::kit::aws::dynamodb::schema::OUTBOX_KIND;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{Entity, Key, Version};

use super::items::read;
use super::{History, Invariant, Violation};

/// Versions in the events of each subject, repeated if an event was written more than once.
type EventVersions = BTreeMap<String, Vec<u64>>;

/// All events in the history.
pub(super) fn ever_written(history: &History) -> Vec<OutboxEvent> {
    let outbox = history.of_kind(OUTBOX_KIND);
    outbox.flat_map(|(_, images, _)| images.into_iter().map(read).collect::<Vec<_>>()).collect()
}

pub(super) fn of_every_version(history: &History) -> Vec<Violation> {
    let mut event_versions = EventVersions::new();
    for event in ever_written(history) {
        if let Some((subject, version)) = event.event_id.as_str().rsplit_once('.') {
            event_versions.entry(subject.to_owned()).or_default().push(version.parse().unwrap_or_default());
        }
    }
    let mut found = Vec::new();
    for (subject, versions) in &event_versions {
        let distinct: BTreeSet<u64> = versions.iter().copied().collect();
        if distinct.len() != versions.len() {
            let was = format!("{versions:?}");
            found.push(Violation::new(Invariant::Outbox, subject, "one event per version", was));
        }
    }
    found.extend(of_each_version::<User>(history, &event_versions));
    found.extend(of_each_version::<Market>(history, &event_versions));
    found.extend(of_each_version::<Product>(history, &event_versions));
    found.extend(of_orders(history, &event_versions));
    found
}

/// Checks entities whose every version has an event.
fn of_each_version<R: Entity>(history: &History, event_versions: &EventVersions) -> Vec<Violation>
where
    R::Id: std::fmt::Display,
{
    let mut found = Vec::new();
    for (key, versions, removed) in history.of::<R>() {
        let Some(last) = versions.last() else { continue };
        let subject = last.id().to_string();
        let end = last.version().get() + u64::from(removed);
        compare(key, (1..=end).collect(), event_versions.get(&subject), &mut found);
    }
    found
}

/// Number of refunds that a person requested. Others are the work of the fulfilment, or were made at the gateway.
fn requested_refunds(order: &Order) -> usize {
    order.refunds.iter().filter(|refund| refund.by != Party::System).count()
}

/// Checks orders. Versions that neither change the status nor add a requested refund have no event.
fn of_orders(history: &History, event_versions: &EventVersions) -> Vec<Violation> {
    let mut found = Vec::new();
    for (key, versions, _) in history.of::<Order>() {
        let Some(first) = versions.first() else { continue };
        let subject = first.id.to_string();
        let with_event = versions.windows(2).filter(|pair| {
            pair[0].status != pair[1].status || requested_refunds(&pair[0]) < requested_refunds(&pair[1])
        });
        let required: BTreeSet<u64> =
            with_event.map(|pair| pair[1].version.get()).chain([Version::FIRST.get()]).collect();
        let allowed: BTreeSet<u64> = versions.iter().map(|order| order.version.get()).collect();
        let actual: BTreeSet<u64> = event_versions.get(&subject).into_iter().flatten().copied().collect();
        if !required.is_subset(&actual) || !actual.is_subset(&allowed) {
            let expected =
                format!("events of the versions {required:?}, and of no version that does not exist");
            found.push(Violation::new(Invariant::Outbox, &key.pk, expected, format!("events of {actual:?}")));
        }
    }
    found
}

fn compare(key: &Key, expected: BTreeSet<u64>, versions: Option<&Vec<u64>>, found: &mut Vec<Violation>) {
    let actual: BTreeSet<u64> = versions.into_iter().flatten().copied().collect();
    if actual != expected {
        let (expected, was) =
            (format!("events of the versions {expected:?}"), format!("events of {actual:?}"));
        found.push(Violation::new(Invariant::Outbox, &key.pk, expected, was));
    }
}
