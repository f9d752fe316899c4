//! The outbox: events that were committed with their cause and wait to be published.
//!
//! They stand in partitions of their own, in the order of time, so that those the stream missed are found by reading
//! only what is overdue.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use serde::{Deserialize, Serialize};

use crate::kit::aws::dynamodb::error::store_error;
use crate::kit::aws::dynamodb::read::loader::key_item;
use crate::kit::aws::dynamodb::read::query::Query;
use crate::kit::aws::dynamodb::schema::{KIND, OUTBOX_KIND, PK, SK, outbox_partition, outbox_shard};
use crate::kit::aws::dynamodb::{DynamoReader, Table};
use crate::kit::command::change::UncommittedEvent;
use crate::kit::command::{CommandContext, Envelope, EventId, Key, MalformedItem, Record, StoreError};
use crate::kit::resilience::retry::Backoff;
use crate::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::TRACEPARENT;

/// An event that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxEvent {
    /// Partition key of the item.
    pub pk: String,
    /// Sort key of the item.
    pub sk: String,
    /// The event's own id.
    pub event_id: EventId,
    /// The event's name, by which subscribers are found.
    pub event: String,
    /// The envelope, as it is sent; or a message that was sent before, as it was.
    pub body: String,
    /// The correlation id of the work that caused it.
    pub correlation_id: String,
    /// What stands beside the message, by name: the trace that it is part of, or all that stood beside a message that was
    /// sent before.
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
    /// Where it stands.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { pk: self.pk.clone(), sk: self.sk.clone() }
    }

    /// Since when it waits: its place begins with that, as [`Outbox::overdue`] needs it.
    #[must_use]
    pub fn enqueued_at(&self) -> Option<Timestamp> {
        self.sk.split('#').next()?.parse().ok()
    }
}

/// The item of an event.
pub(crate) fn item(
    announcement: &UncommittedEvent,
    cause: &CommandContext,
) -> Result<HashMap<String, AttributeValue>, MalformedItem> {
    let malformed = |reason: String| MalformedItem { kind: OUTBOX_KIND, reason };
    let UncommittedEvent { subject, sequence, name, event, forwards } = announcement;
    let event_id = EventId::of(subject, *sequence);
    let envelope = Envelope {
        id: event_id.clone(),
        schema: Envelope::<()>::SCHEMA,
        subject: subject.clone(),
        sequence: *sequence,
        occurred_at: cause.at,
        correlation_id: cause.correlation_id.clone(),
        event,
    };
    let (body, attributes) = match forwards {
        Some(forwarded) => (Ok(forwarded.body.clone()), forwarded.attributes.clone()),
        None => (serde_json::to_string(&envelope), trace_attributes()),
    };
    let pending = OutboxEvent {
        pk: outbox_partition(subject),
        sk: format!("{}#{event_id}", cause.at),
        event: (*name).to_owned(),
        body: body.map_err(|error| malformed(error.to_string()))?,
        correlation_id: cause.correlation_id.to_string(),
        attributes,
        event_id,
    };
    let mut item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(pending).map_err(|error| malformed(error.to_string()))?;
    item.insert(KIND.to_owned(), AttributeValue::S(OUTBOX_KIND.to_owned()));
    debug_assert!(item.contains_key(PK) && item.contains_key(SK), "the key is part of the record");
    Ok(item)
}

/// The trace that the commit is part of, so that what it leads to is part of it too.
fn trace_attributes() -> BTreeMap<String, String> {
    trace::traceparent().map(|context| (TRACEPARENT.to_owned(), context)).into_iter().collect()
}

/// What the relay and the sweeper do with the outbox.
#[derive(Debug, Clone)]
pub struct Outbox {
    table: Table,
}

/// How often removals that DynamoDB left undone are asked for again.
const UNPROCESSED: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500), 6);

/// How many removals one request may hold.
const MAX_REMOVALS: usize = 25;

impl Outbox {
    /// The outbox of `table`.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Up to `limit` events of one shard that have waited since before `deadline`, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer or an item does not read.
    pub async fn overdue(
        &self,
        shard: u32,
        deadline: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        let query = Query::table(outbox_shard(shard), limit).before(deadline.to_string());
        Ok(DynamoReader::new(self.table.clone()).list(&query).await?.items)
    }

    /// Removes events that were published.
    ///
    /// # Errors
    /// [`StoreError`] when the table does not answer; they are published once more then, and nothing is lost.
    pub async fn remove(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        let mut pending: Vec<WriteRequest> = keys.iter().map(removal).collect::<Result<_, _>>()?;
        let mut failures = 0;
        while !pending.is_empty() {
            let rest = pending.split_off(pending.len().min(MAX_REMOVALS));
            let answer = self
                .table
                .client
                .batch_write_item()
                .request_items(&*self.table.name, pending)
                .send()
                .await
                .map_err(|error| store_error(&error))?;
            let left = answer.unprocessed_items.and_then(|mut tables| tables.remove(&*self.table.name));
            pending = rest;
            if let Some(left) = left.filter(|left| !left.is_empty()) {
                failures += 1;
                let delay = UNPROCESSED.delay(failures, &SystemEntropy).ok_or(StoreError::Throttled)?;
                SystemClock.sleep(delay).await;
                pending.extend(left);
            }
        }
        Ok(())
    }
}

fn removal(key: &Key) -> Result<WriteRequest, StoreError> {
    let request = DeleteRequest::builder().set_key(Some(key_item(key))).build();
    let request = request.map_err(|error| StoreError::Rejected(error.to_string()))?;
    Ok(WriteRequest::builder().delete_request(request).build())
}
