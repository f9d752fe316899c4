//! Event log: every committed event, for the configured number of days.
//!
//! Each scope, such as a market, has its own partitions: one for each day and shard, sorted by time. The index
//! `by-parent` contains the events of each subject. The key follows from the event, so storing an event again
//! changes nothing.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::schema::{Index, KIND, LOGGED_EVENT_KIND, TTL, event_log_partition, subject_events};
use crate::kit::command::{Envelope, EventId, Key, MalformedItem, Record};
use crate::kit::system::clock::Timestamp;

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedEvent {
    /// Partition key of the item.
    pub pk: String,
    /// Sort key of the item: the time and the id of the event.
    pub sk: String,
    /// Name of the event; determines its subscribers.
    pub event: String,
    /// Envelope of the event.
    pub body: String,
}

impl Record for LoggedEvent {
    const KIND: &'static str = LOGGED_EVENT_KIND;
    type Id = Key;

    fn key(id: &Key) -> Key {
        id.clone()
    }
}

impl LoggedEvent {
    /// The log's copy of an event in `scope` whose sort key in the outbox is `sk`.
    #[must_use]
    pub fn new(scope: &str, id: &EventId, sk: &str, event: &str, body: &str) -> Self {
        let pk = event_log_partition(scope, day_of(sk), id.subject());
        Self { pk, sk: sk.to_owned(), event: event.to_owned(), body: body.to_owned() }
    }

    /// Time of the event.
    #[must_use]
    pub fn occurred_at(&self) -> Option<Timestamp> {
        self.sk.split('#').next()?.parse().ok()
    }

    /// Id of the event.
    #[must_use]
    pub fn event_id(&self) -> &str {
        self.sk.split_once('#').map_or("", |(_, id)| id)
    }

    /// Scope of the event: a market, or the platform.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.pk.split('#').nth(1).unwrap_or_default()
    }

    /// Returns true if the event has this type. The name of some events has a suffix behind the type.
    #[must_use]
    pub fn has_type(&self, event_type: &str) -> bool {
        let suffix = self.event.strip_prefix(event_type);
        suffix.is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('.'))
    }

    /// Parses the envelope.
    ///
    /// # Errors
    /// [`MalformedItem`] if the body is not an envelope.
    pub fn envelope(&self) -> Result<Envelope<AnyEvent>, MalformedItem> {
        let key = Key { pk: self.pk.clone(), sk: self.sk.clone() };
        let parsed = serde_json::from_str(&self.body);
        parsed.map_err(|error| MalformedItem::new(LOGGED_EVENT_KIND, error.to_string()).at(&key))
    }

    /// The item to store, which DynamoDB may delete after `retention`.
    pub(crate) fn into_item(
        self,
        retention: Duration,
    ) -> Result<HashMap<String, AttributeValue>, MalformedItem> {
        let malformed = |reason: String| MalformedItem::new(LOGGED_EVENT_KIND, reason);
        let time = self.occurred_at().ok_or_else(|| malformed("the sort key has no time".to_owned()))?;
        let subject = self.event_id().rsplit_once('.').map_or("", |(subject, _)| subject);
        let (parent, sort) = Index::ByParent.attributes();
        let own = [
            (KIND, AttributeValue::S(LOGGED_EVENT_KIND.to_owned())),
            (parent, AttributeValue::S(subject_events(subject))),
            (sort, AttributeValue::S(self.sk.clone())),
            (TTL, AttributeValue::N(time.saturating_add(retention).as_seconds().to_string())),
        ];
        let mut item: HashMap<String, AttributeValue> =
            serde_dynamo::to_item(self).map_err(|error| malformed(error.to_string()))?;
        item.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Ok(item)
    }
}

/// An event of any type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnyEvent {
    /// Type of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Data of the event; empty for a type without data.
    #[serde(default)]
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// Day of a sort value that begins with a time (`2027-01-15`).
#[must_use]
pub fn day_of(sort: &str) -> &str {
    sort.split('T').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::command::Version;

    const SORT: &str = "2027-01-15T08:00:00.000Z#jar_1.1";

    fn logged(event: &str) -> LoggedEvent {
        LoggedEvent::new("shelf_1", &EventId::of("jar_1", Version::FIRST), SORT, event, "{}")
    }

    #[test]
    fn item_is_found_by_scope_and_day_and_by_subject() {
        let logged = logged("jar.filled");
        assert_eq!((logged.scope(), logged.event_id()), ("shelf_1", "jar_1.1"));
        let item = logged.into_item(Duration::from_hours(24)).unwrap();
        let text = |name: &str| item[name].as_s().unwrap().as_str();
        assert!(text("pk").starts_with("events#shelf_1#2027-01-15#"));
        assert_eq!(text("parentKey"), "events#jar_1");
        assert_eq!((text("sk"), text("parentSort")), (SORT, SORT));
        let expiry: Timestamp = "2027-01-16T08:00:00.000Z".parse().unwrap();
        assert_eq!(item["ttl"].as_n().unwrap(), &expiry.as_seconds().to_string());
    }

    #[test]
    fn type_is_the_name_without_its_suffix() {
        assert!(logged("job.requested").has_type("job.requested"));
        assert!(logged("job.requested.high").has_type("job.requested"));
        assert!(!logged("job.requested_again").has_type("job.requested"));
        assert!(!logged("job.requested").has_type("job.requested.high"));
    }
}
