//! The relay: events from the outbox to the queues that subscribe to them.
//!
//! An event leaves the outbox only when every subscriber's queue has taken it. A crash in between publishes it once
//! more; consumers' receipts see to that.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use crate::kit::command::{EventId, StoreError};
use crate::kit::queue::consumer::delivery::CORRELATION_ATTRIBUTE;
use crate::kit::queue::consumer::queue::{QueueError, attribute, trace_header};
use crate::kit::system::clock::{Clock, SystemClock, Timestamp};
use crate::kit::telemetry::catalogue::{OUTBOX_PUBLISH_DELAY, OUTBOX_PUBLISHED};
use crate::kit::telemetry::metrics;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{Context, KeyValue, SpanKind, TRACEPARENT, TracedSpan};

/// Publishes events.
#[derive(Debug, Clone)]
pub struct Relay<R> {
    outbox: Outbox,
    sqs: aws_sdk_sqs::Client,
    routes: R,
}

/// Handles what a table's stream shows.
pub trait StreamHandler: Send + Sync {
    /// Handles events of the outbox; says for each, in their order, whether it is done.
    fn handle(&self, events: Vec<OutboxEvent>) -> impl Future<Output = Vec<bool>> + Send;
}

/// Says which queues subscribe to an event.
pub trait EventRouter: Send + Sync {
    /// The addresses of the subscribers' queues, by the event's name.
    fn queues(&self, event: &str) -> Vec<&str>;
}

/// SQS takes this many messages in one request.
const MAX_MESSAGES: usize = 10;
/// SQS takes this many bytes in one request; ours are counted with room for attributes.
const MAX_BYTES: usize = 200 * 1024;

impl<R: EventRouter> Relay<R> {
    /// A relay from `outbox` along `routes`.
    pub const fn new(outbox: Outbox, sqs: aws_sdk_sqs::Client, routes: R) -> Self {
        Self { outbox, sqs, routes }
    }

    /// Publishes events and removes them from the outbox; says which could not be published to all subscribers.
    ///
    /// # Errors
    /// [`StoreError`] if published events could not be removed; they are published again then.
    pub async fn publish(&self, events: &[OutboxEvent]) -> Result<HashSet<EventId>, StoreError> {
        let mut by_queue: BTreeMap<&str, Vec<&OutboxEvent>> = BTreeMap::new();
        for event in events {
            for queue in self.routes.queues(&event.event) {
                by_queue.entry(queue).or_default().push(event);
            }
        }
        let mut failed = HashSet::new();
        for (queue, events) in by_queue {
            for batch in batches(&events) {
                failed.extend(self.send(queue, batch).await);
            }
        }
        let published: Vec<&OutboxEvent> =
            events.iter().filter(|event| !failed.contains(&event.event_id)).collect();
        self.outbox.remove(published.iter().map(|event| event.key()).collect()).await?;
        count(&published, SystemClock.now());
        Ok(failed)
    }

    /// Sends one batch; says which of it the queue did not take.
    async fn send(&self, queue: &str, batch: &[&OutboxEvent]) -> Vec<EventId> {
        let sendings: Vec<TracedSpan> = batch.iter().map(|event| start_send_span(event, queue)).collect();
        let sent = async {
            let both = batch.iter().zip(&sendings).enumerate();
            let entries = both.map(|(position, (event, sending))| entry(position, event, sending.context()));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let request = self.sqs.send_message_batch().queue_url(queue).set_entries(Some(entries));
            request.send().await.map_err(|error| QueueError::of(&error))
        };
        let failed: HashSet<usize> = match sent.await {
            Ok(answer) => answer.failed.iter().filter_map(|failure| failure.id.parse().ok()).collect(),
            Err(error) => {
                tracing::warn!(%error, events = batch.len(), "events could not be published");
                (0..batch.len()).collect()
            }
        };
        for (position, sending) in sendings.into_iter().enumerate() {
            sending.end(!failed.contains(&position));
        }
        failed.into_iter().filter_map(|position| Some(batch.get(position)?.event_id.clone())).collect()
    }
}

impl<R: EventRouter> StreamHandler for Relay<R> {
    async fn handle(&self, events: Vec<OutboxEvent>) -> Vec<bool> {
        match self.publish(&events).await {
            Ok(failed) => events.iter().map(|event| !failed.contains(&event.event_id)).collect(),
            Err(error) => {
                tracing::warn!(%error, "published events could not be removed; they are published again");
                vec![false; events.len()]
            }
        }
    }
}

/// How many went, and how long the one that waited longest waited.
fn count(published: &[&OutboxEvent], now: Timestamp) {
    let number = u32::try_from(published.len()).unwrap_or(u32::MAX);
    metrics::record(&OUTBOX_PUBLISHED, [], f64::from(number));
    if let Some(oldest) = published.iter().filter_map(|event| event.enqueued_at()).min() {
        metrics::record_duration(&OUTBOX_PUBLISH_DELAY, [], now.duration_since(oldest));
    }
}

/// Sending an event to a queue, as a part of the work that caused the event.
fn start_send_span(event: &OutboxEvent, queue: &str) -> TracedSpan {
    let parent = trace::extract(event.attributes.get(TRACEPARENT).map(String::as_str), None);
    let queue = queue.rsplit('/').next().unwrap_or(queue);
    let facts = vec![
        KeyValue::new("messaging.system", "aws_sqs"),
        KeyValue::new("messaging.operation.type", "send"),
        KeyValue::new("messaging.destination.name", queue.to_owned()),
        KeyValue::new("agora.event", event.event.clone()),
    ];
    TracedSpan::start_with_parent(&parent, SpanKind::Producer, format!("send {queue}"), facts)
}

fn entry(
    position: usize,
    event: &OutboxEvent,
    context: &Context,
) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let mut entry =
        SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(&event.body);
    let sent_by = trace::traceparent_of(context);
    for (name, text) in message_attributes(event, sent_by.as_deref()) {
        entry = entry.message_attributes(name, attribute(text)?);
    }
    if let Some((name, value)) = trace_header(context)? {
        entry = entry.message_system_attributes(name, value);
    }
    entry.build().map_err(|error| QueueError::of(&error))
}

/// What stands beside the message. What stood beside one that was sent before stands there again; of the trace, which goes
/// on, the latest part.
fn message_attributes<'a>(event: &'a OutboxEvent, sent_by: Option<&'a str>) -> BTreeMap<&'a str, &'a str> {
    let own = [(CORRELATION_ATTRIBUTE, event.correlation_id.as_str()), ("event", event.event.as_str())];
    let before = event.attributes.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    own.into_iter().chain(before).chain(sent_by.map(|context| (TRACEPARENT, context))).collect()
}

/// Cuts events into batches that SQS takes.
fn batches<'a, 'e>(events: &'a [&'e OutboxEvent]) -> Vec<&'a [&'e OutboxEvent]> {
    let mut cuts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (position, event) in events.iter().enumerate() {
        let full = position - start == MAX_MESSAGES || bytes + event.body.len() > MAX_BYTES;
        if full && position > start {
            cuts.push(&events[start..position]);
            (start, bytes) = (position, 0);
        }
        bytes += event.body.len();
    }
    if start < events.len() {
        cuts.push(&events[start..]);
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::command::Version;

    fn event(n: u64, bytes: usize) -> OutboxEvent {
        OutboxEvent {
            pk: "outbox#00".to_owned(),
            sk: n.to_string(),
            event_id: EventId::of(&format!("ord_{n}"), Version::FIRST),
            event: "order.created".to_owned(),
            body: "x".repeat(bytes),
            correlation_id: "c".to_owned(),
            attributes: BTreeMap::new(),
        }
    }

    #[test]
    fn batches_keep_to_ten_messages_and_to_the_bytes_and_lose_nothing() {
        let events: Vec<OutboxEvent> =
            (0..25).map(|n| event(n, 100)).chain((25..28).map(|n| event(n, 150_000))).collect();
        let references: Vec<&OutboxEvent> = events.iter().collect();
        let sizes: Vec<usize> = batches(&references).iter().map(|batch| batch.len()).collect();
        assert_eq!(sizes, [10, 10, 6, 1, 1]);
        assert!(batches(&[]).is_empty());
    }
}
