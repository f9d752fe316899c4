//! Outbox: events that are committed in the same transaction as their cause, and wait to be published.
//!
//! Events are stored in separate partitions, by time, so that finding the events that the stream missed reads
//! only overdue ones.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use serde::{Deserialize, Serialize};

use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::event_log::LoggedEvent;
use crate::kit::aws::dynamodb::read::loader::key_item;
use crate::kit::aws::dynamodb::read::query::{Page, PageKey, Query, stored};
use crate::kit::aws::dynamodb::schema::{
    KIND, OUTBOX_KIND, PK, PLATFORM_SCOPE, SK, outbox_partition, outbox_shard,
};
use crate::kit::aws::dynamodb::{Table, record_retry};
use crate::kit::command::read_set::{self, Parsed, parsed_or_reported};
use crate::kit::command::{
    CommandContext, Envelope, EventId, Item, Key, MalformedItem, Record, Routing, StoreError,
    UncommittedEvent,
};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::TRACEPARENT;

/// A stored event that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxEvent {
    /// Partition key of the item.
    pub pk: String,
    /// Sort key of the item.
    pub sk: String,
    /// Id of the event.
    pub event_id: EventId,
    /// Name of the event; determines its subscribers.
    pub event: String,
    /// Message body: the envelope, or the original body of a redriven message.
    pub body: String,
    /// Correlation id of the command.
    pub correlation_id: String,
    /// Scope under which the event is logged once it is published. A redriven message has none: it is not
    /// logged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Message attributes, by name: the trace context, or all attributes of a redriven message.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Record for OutboxEvent {
    const KIND: &'static str = OUTBOX_KIND;
    type Id = Key;

    fn key(id: &Key) -> Key {
        id.clone()
    }
}

impl OutboxEvent {
    /// Key of the item.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { pk: self.pk.clone(), sk: self.sk.clone() }
    }

    /// The event as it is logged; `None` for a redriven message, which is not logged again.
    #[must_use]
    pub fn logged(&self) -> Option<LoggedEvent> {
        let scope = self.scope.as_ref()?;
        Some(LoggedEvent::new(scope, &self.event_id, &self.sk, &self.event, &self.body))
    }

    /// The event as it was published, to send it again. It is not logged again.
    ///
    /// # Errors
    /// [`MalformedItem`] if its body is not an envelope.
    pub fn from_log(logged: LoggedEvent) -> Result<Self, MalformedItem> {
        let Envelope { id, correlation_id, .. } = logged.envelope()?;
        let LoggedEvent { pk, sk, event, body } = logged;
        let (correlation_id, attributes) = (correlation_id.to_string(), BTreeMap::new());
        Ok(Self { pk, sk, event_id: id, event, body, correlation_id, scope: None, attributes })
    }

    /// Time since which the event waits. The sort key begins with it, as [`Outbox::overdue`] requires.
    #[must_use]
    pub fn enqueued_at(&self) -> Option<Timestamp> {
        self.sk.split('#').next()?.parse().ok()
    }
}

/// Parses the new image of a stream record, which has these keys, as an event.
///
/// # Errors
/// [`MalformedItem`] if the image is not an event.
pub fn parse(keys: &Item, image: Item) -> Parsed<OutboxEvent> {
    let key = text(keys, PK).zip(text(keys, SK));
    let key = key.map(|(pk, sk)| Key { pk: pk.to_owned(), sk: sk.to_owned() });
    read_set::parse(image).map_err(|malformed| MalformedItem { key, ..malformed })
}

/// Text of an attribute; `None` if it is absent or not a text.
fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// Overdue events of one shard.
#[derive(Debug, Clone)]
pub struct OverduePage {
    /// Events, oldest first.
    pub events: Vec<OutboxEvent>,
    /// Items that cannot be parsed as events.
    pub damaged: Vec<DamagedEvent>,
    /// Start of the next page, if there may be one.
    pub next: Option<PageKey>,
}

/// Item of the outbox that cannot be parsed as an event.
#[derive(Debug, Clone)]
pub struct DamagedEvent {
    /// Reason, and the key of the item.
    pub malformed: MalformedItem,
    /// Key of the item.
    pub key: Key,
    item: Item,
}

impl DamagedEvent {
    /// Text of an attribute; `None` if it is absent or not a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        text(&self.item, name)
    }

    /// The whole item as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_dynamo::from_item::<_, serde_json::Value>(self.item.clone())
            .map(|item| item.to_string())
            .unwrap_or_default()
    }
}

/// Builds the item of an event: in the outbox, or in the event log if no queue subscribes to it.
pub(crate) fn item(
    uncommitted: &UncommittedEvent,
    context: &CommandContext,
    retention: Duration,
) -> Result<HashMap<String, AttributeValue>, MalformedItem> {
    let event = pending(uncommitted, context)?;
    match event.logged() {
        Some(logged) if uncommitted.routing == Routing::LogOnly => logged.into_item(retention),
        _ => item_of(event),
    }
}

/// The event as the outbox stores it.
fn pending(uncommitted: &UncommittedEvent, context: &CommandContext) -> Result<OutboxEvent, MalformedItem> {
    let malformed = |reason: String| MalformedItem::new(OUTBOX_KIND, reason);
    let UncommittedEvent { subject, sequence, name, event, scope, forwards, .. } = uncommitted;
    let event_id = EventId::of(subject, *sequence);
    let envelope = Envelope {
        id: event_id.clone(),
        schema: Envelope::<()>::SCHEMA,
        subject: subject.clone(),
        sequence: *sequence,
        occurred_at: context.at,
        correlation_id: context.correlation_id.clone(),
        event,
    };
    let (body, scope, attributes) = if let Some(forwarded) = forwards {
        (Ok(forwarded.body.clone()), None, forwarded.attributes.clone())
    } else {
        let scope = scope.clone().unwrap_or_else(|| PLATFORM_SCOPE.to_owned());
        (serde_json::to_string(&envelope), Some(scope), trace_attributes())
    };
    Ok(OutboxEvent {
        pk: outbox_partition(subject),
        sk: format!("{}#{event_id}", context.at),
        event: (*name).to_owned(),
        body: body.map_err(|error| malformed(error.to_string()))?,
        correlation_id: context.correlation_id.to_string(),
        scope,
        attributes,
        event_id,
    })
}

fn item_of(event: OutboxEvent) -> Result<HashMap<String, AttributeValue>, MalformedItem> {
    let mut item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(event).map_err(|error| MalformedItem::new(OUTBOX_KIND, error.to_string()))?;
    item.insert(KIND.to_owned(), AttributeValue::S(OUTBOX_KIND.to_owned()));
    debug_assert!(item.contains_key(PK) && item.contains_key(SK), "the key is part of the record");
    Ok(item)
}

/// Trace context of the commit, so that processing the event continues the trace.
fn trace_attributes() -> BTreeMap<String, String> {
    trace::traceparent().map(|value| (TRACEPARENT.to_owned(), value)).into_iter().collect()
}

/// Access to the outbox for the relay and the sweeper.
#[derive(Debug, Clone)]
pub struct Outbox {
    table: Table,
}

/// Backoff before requesting unprocessed writes again.
const UNPROCESSED: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500), 6);

/// Maximum number of writes per request.
const MAX_WRITES: usize = 25;

impl Outbox {
    /// The outbox of `table`.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Returns up to `limit` events of one shard that were committed before `deadline`, oldest first,
    /// starting after the page that ends at `after`.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn overdue(
        &self,
        shard: u32,
        deadline: Timestamp,
        after: Option<PageKey>,
        limit: u32,
    ) -> Result<OverduePage, StoreError> {
        let query = Query::table(outbox_shard(shard), limit).before(deadline.to_string()).after(after);
        let Page { items, next } = stored(&self.table, &query).await?;
        let mut page = OverduePage { events: Vec::new(), damaged: Vec::new(), next };
        for stored in items {
            match stored.clone().parse() {
                Ok(event) => page.events.push(event),
                Err(malformed) => {
                    let key = malformed.key.clone().ok_or_else(|| malformed.clone())?;
                    page.damaged.push(DamagedEvent { malformed, key, item: stored.item });
                }
            }
        }
        Ok(page)
    }

    /// Stores events in the event log, except redriven messages. Storing one again changes nothing. An event
    /// without a readable time is reported and left out, so that it does not stop the others.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond.
    pub async fn log(&self, events: &[&OutboxEvent]) -> Result<(), StoreError> {
        let retention = self.table.event_retention();
        let logged = events.iter().filter_map(|event| event.logged());
        let items = logged.filter_map(|event| parsed_or_reported(event.into_item(retention)));
        self.write(items.map(put_request).collect::<Result<_, _>>()?).await
    }

    /// Deletes events that are published and logged.
    ///
    /// # Errors
    /// [`StoreError`] if the table does not respond. The events are then published again; none is lost.
    pub async fn remove(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        self.write(keys.iter().map(delete_request).collect::<Result<_, _>>()?).await
    }

    async fn write(&self, mut pending: Vec<WriteRequest>) -> Result<(), StoreError> {
        let mut failures = 0;
        while !pending.is_empty() {
            let rest = pending.split_off(pending.len().min(MAX_WRITES));
            let response = self
                .table
                .client
                .batch_write_item()
                .request_items(&*self.table.name, pending)
                .send()
                .await
                .map_err(|error| store_error(&error))?;
            let left = response.unprocessed_items.and_then(|mut tables| tables.remove(&*self.table.name));
            pending = rest;
            if let Some(left) = left.filter(|left| !left.is_empty()) {
                failures += 1;
                let delay = UNPROCESSED.delay(failures, &SystemEntropy).ok_or(StoreError::Throttled)?;
                record_retry("BatchWriteItem", failures + 1, delay, "unprocessed");
                SystemClock.sleep(delay).await;
                pending.extend(left);
            }
        }
        Ok(())
    }
}

fn put_request(item: HashMap<String, AttributeValue>) -> Result<WriteRequest, StoreError> {
    let request = PutRequest::builder().set_item(Some(item)).build();
    let request = request.map_err(|error| StoreError::Rejected(error.to_string()))?;
    Ok(WriteRequest::builder().put_request(request).build())
}

fn delete_request(key: &Key) -> Result<WriteRequest, StoreError> {
    let request = DeleteRequest::builder().set_key(Some(key_item(key))).build();
    let request = request.map_err(|error| StoreError::Rejected(error.to_string()))?;
    Ok(WriteRequest::builder().delete_request(request).build())
}
