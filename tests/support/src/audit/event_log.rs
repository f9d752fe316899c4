//! Event log: every event of every commit exactly once, except redriven messages.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::job::Job;
use shared::domain::market::Market;
use shared::domain::order::Order;
use shared::domain::order::payment::Payment;
use shared::domain::product::Product;
use shared::domain::user::User;
use shared::domain::user::password_reset::PasswordReset;
use shared::kit::aws::dynamodb::event_log::LoggedEvent;
use shared::kit::command::{Entity, Record};
use shared::kit::system::clock::Timestamp;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};

use super::events::ever_written;
use super::items::{number, read};
use super::{History, Invariant, Items, Violation};

/// Logged events by id, each with the expiry of its item.
type Log = BTreeMap<String, Vec<(LoggedEvent, Option<i64>)>>;

pub(super) fn has_every_event_once(items: &Items, history: &History) -> Vec<Violation> {
    let mut log = Log::new();
    for item in items.of_kind(LoggedEvent::KIND) {
        let event: LoggedEvent = read(item);
        log.entry(event.event_id().to_owned()).or_default().push((event, number(item, "ttl")));
    }
    let mut found = Vec::new();
    for (id, entries) in &log {
        if entries.len() > 1 {
            found.push(violation(id, "the event is logged once", format!("{} times", entries.len())));
        }
        for (event, expiry) in entries {
            let occurred = event.occurred_at().map(Timestamp::as_seconds);
            if *expiry <= occurred {
                found.push(violation(id, "the event expires after its retention", format!("{expiry:?}")));
            }
        }
    }
    found.extend(published(&log, history));
    let versions: BTreeSet<String> = [
        versions_of::<User>(history),
        versions_of::<Market>(history),
        versions_of::<Product>(history),
        versions_of::<Order>(history),
        versions_of::<Payment>(history),
        versions_of::<Job>(history),
        versions_of::<PasswordReset>(history),
        dead_letters(history),
    ]
    .concat()
    .into_iter()
    .collect();
    let missing = versions.into_iter().filter(|id| !log.contains_key(id));
    found.extend(missing.map(|id| violation(id, "the event of each version is logged", "not logged")));
    found
}

/// Compares the events that were stored in the outbox with the log.
fn published(log: &Log, history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    for event in ever_written(history) {
        let id = event.event_id.to_string();
        let logged = log.get(&id).and_then(|entries| entries.first()).map(|(event, _)| event);
        match (event.logged(), logged) {
            (None, Some(_)) => found.push(violation(id, "a redriven message is not logged", "logged")),
            (Some(_), None) => found.push(violation(id, "the published event is logged", "not logged")),
            (Some(expected), Some(logged)) if expected != *logged => {
                let expected = format!("{expected:?}");
                found.push(violation(id, expected, format!("{logged:?}")));
            }
            _ => {}
        }
    }
    found
}

/// Ids of the events of all versions of a type of entity.
fn versions_of<R: Entity>(history: &History) -> Vec<String>
where
    R::Id: std::fmt::Display,
{
    let versions = history.of::<R>().flat_map(|(_, versions, _)| versions);
    versions.map(|entity| format!("{}.{}", entity.id(), entity.version())).collect()
}

/// Ids of the events of dead letters, except of redrives.
fn dead_letters(history: &History) -> Vec<String> {
    let versions = history.of::<DeadLetter>().flat_map(|(_, versions, _)| versions);
    let logged = versions.filter(|dead_letter| dead_letter.status != DeadLetterStatus::Redriven);
    logged.map(|dead_letter| format!("{}.{}", dead_letter.id, dead_letter.version)).collect()
}

fn violation(
    subject: impl std::fmt::Display,
    expected: impl std::fmt::Display,
    was: impl std::fmt::Display,
) -> Violation {
    Violation::new(Invariant::Outbox, format!("event log: {subject}"), expected, was)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::kit::command::Key;

    use super::super::Change;
    use super::*;

    const SORT: &str = "2027-01-15T08:00:00.000Z#jar_1.1";

    fn outbox() -> History {
        let item = json!({
            "kind": { "S": "outbox-event" }, "pk": { "S": "outbox#00" }, "sk": { "S": SORT },
            "eventId": { "S": "jar_1.1" }, "event": { "S": "jar.filled" }, "body": { "S": "{}" },
            "correlationId": { "S": "c" }, "scope": { "S": "platform" },
        });
        let key = || Key { pk: "outbox#00".to_owned(), sk: SORT.to_owned() };
        let image = serde_json::from_value(item).ok();
        History::of_changes([Change { key: key(), image }, Change { key: key(), image: None }])
    }

    fn logged(sort: &str, ttl: Option<i64>) -> Value {
        let event = ever_written(&outbox()).remove(0);
        let pk = event.logged().map(|event| event.pk);
        let mut item = json!({
            "kind": { "S": "logged-event" }, "pk": { "S": pk }, "sk": { "S": sort },
            "event": { "S": "jar.filled" }, "body": { "S": "{}" },
        });
        if let Some(ttl) = ttl {
            item["ttl"] = json!({ "N": ttl.to_string() });
        }
        item
    }

    fn violations(items: &[Value]) -> usize {
        let items = items.iter().map(|item| serde_json::from_value(item.clone()).expect("the item is valid"));
        has_every_event_once(&Items::of_items(items), &outbox()).len()
    }

    #[test]
    fn event_must_be_logged_once_with_an_expiry() {
        let (complete, ttl) = (logged(SORT, Some(i64::MAX)), Some(i64::MAX));
        assert_eq!(violations(std::slice::from_ref(&complete)), 0);
        assert_eq!(violations(&[]), 1);
        assert_eq!(violations(&[logged(SORT, None)]), 1);
        assert_eq!(violations(&[complete, logged("2027-01-15T08:00:01.000Z#jar_1.1", ttl)]), 1);
    }
}
