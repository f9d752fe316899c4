//! Outbox relay: publishes events to the queues that subscribe to them.
//!
//! An event is moved from the outbox to the event log only after the queue of every subscriber has accepted it.
//! After a crash in between it is published again under the same id; the idempotency records of the consumers
//! make the effect happen once, and the log stores it under the same key.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use crate::kit::command::{EventId, StoreError};
use crate::kit::queue::consumer::delivery::{CORRELATION_ATTRIBUTE, EVENT_ATTRIBUTE};
use crate::kit::queue::consumer::queue::{QueueError, attribute, trace_header};
use crate::kit::system::clock::{Clock, SystemClock, Timestamp};
use crate::kit::telemetry::catalogue::{OUTBOX_PUBLISH_DELAY, OUTBOX_PUBLISHED};
use crate::kit::telemetry::metrics;
use crate::kit::telemetry::trace;
use crate::kit::telemetry::trace::{Context, KeyValue, SpanKind, TRACEPARENT, TracedSpan};

/// Publishes events from the outbox.
#[derive(Debug, Clone)]
pub struct Relay<R> {
    outbox: Outbox,
    sqs: aws_sdk_sqs::Client,
    routes: R,
}

/// Handles the records of a table's stream.
pub trait StreamHandler: Send + Sync {
    /// Handles events of the outbox; returns true for each event that is done, in order.
    fn handle(&self, events: Vec<OutboxEvent>) -> impl Future<Output = Vec<bool>> + Send;
}

/// Maps events to the queues that subscribe to them.
pub trait EventRouter: Send + Sync {
    /// URLs of the queues that subscribe to the event with this name.
    fn queues(&self, event: &str) -> Vec<&str>;
}

/// Events that were not published to all of their subscribers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpublished {
    /// Events that a queue did not accept, but may accept later.
    pub failed: HashSet<EventId>,
    /// Events whose message a queue can never accept, because of its size or content, with the error code.
    pub rejected: HashMap<EventId, String>,
}

impl Unpublished {
    /// Returns true if every event was published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.failed.is_empty() && self.rejected.is_empty()
    }

    /// Returns true if a queue did not accept the event. One queue may reject an event that fails at another.
    #[must_use]
    pub fn contains(&self, event: &EventId) -> bool {
        self.failed.contains(event) || self.rejected.contains_key(event)
    }

    /// Adds the events of a batch that the queue did not accept.
    fn add(&mut self, batch: &[&OutboxEvent], result: Result<SendResult, SendError>) {
        let result = result.unwrap_or_else(|error| SendResult::of_failed_request(batch.len(), &error));
        let SendResult { failed, rejected } = result;
        let id = |position: usize| batch.get(position).map(|event| event.event_id.clone());
        self.failed.extend(failed.into_iter().filter_map(id));
        self.rejected.extend(rejected.into_iter().filter_map(|(position, code)| Some((id(position)?, code))));
    }
}

/// Error codes of SQS for a message that it can never accept. They may have a prefix, which ends with a dot.
const REJECTIONS: [&str; 4] =
    ["BatchRequestTooLong", "InvalidAttributeValue", "InvalidMessageContents", "InvalidParameterValue"];

fn is_rejection(code: &str) -> bool {
    REJECTIONS.contains(&code.rsplit('.').next().unwrap_or(code))
}

/// Result of sending a batch, per position.
struct SendResult {
    failed: HashSet<usize>,
    rejected: HashMap<usize, String>,
}

impl SendResult {
    /// A failed request. If its content is the reason and it has only one message, that message is rejected.
    fn of_failed_request(batch: usize, error: &SendError) -> Self {
        match &error.rejection {
            Some(code) if batch == 1 => {
                Self { failed: HashSet::new(), rejected: HashMap::from([(0, code.clone())]) }
            }
            _ => Self { failed: (0..batch).collect(), rejected: HashMap::new() },
        }
    }
}

/// Failure of the request for a batch.
struct SendError {
    error: QueueError,
    /// Error code, if the request was refused because of its content.
    rejection: Option<String>,
}

impl From<QueueError> for SendError {
    /// A message that cannot be built.
    fn from(error: QueueError) -> Self {
        Self { error, rejection: Some("InvalidMessage".to_owned()) }
    }
}

/// Maximum number of messages in an SQS batch request.
const MAX_MESSAGES: usize = 10;
/// Maximum total size of the bodies in a batch request; leaves room for attributes below the limit of SQS.
const MAX_BYTES: usize = 200 * 1024;

impl<R: EventRouter> Relay<R> {
    /// Relay from `outbox` to the queues of `routes`.
    pub const fn new(outbox: Outbox, sqs: aws_sdk_sqs::Client, routes: R) -> Self {
        Self { outbox, sqs, routes }
    }

    /// Publishes events, and moves them from the outbox to the event log; returns those that could not be
    /// published to all subscribers, which remain in the outbox.
    ///
    /// Each is logged before it is removed: the stream stops delivering an event after an hour, and from then
    /// on the outbox is its only source.
    ///
    /// # Errors
    /// [`StoreError`] if published events could not be moved; they are published again later.
    pub async fn publish(&self, events: &[OutboxEvent]) -> Result<Unpublished, StoreError> {
        let (published, unpublished) = self.send_all(events).await;
        self.outbox.log(&published).await?;
        self.outbox.remove(published.iter().map(|event| event.key()).collect()).await?;
        record_metrics(&published, SystemClock.now());
        Ok(unpublished)
    }

    /// Sends events again that were published and logged before; returns those that could not be sent.
    pub async fn send_again(&self, events: &[OutboxEvent]) -> Unpublished {
        self.send_all(events).await.1
    }

    /// Sends events to their subscribers; returns those that all subscribers have accepted, and the others.
    async fn send_all<'e>(&self, events: &'e [OutboxEvent]) -> (Vec<&'e OutboxEvent>, Unpublished) {
        let mut by_queue: BTreeMap<&str, Vec<&OutboxEvent>> = BTreeMap::new();
        for event in events {
            for queue in self.routes.queues(&event.event) {
                by_queue.entry(queue).or_default().push(event);
            }
        }
        let mut unpublished = Unpublished::default();
        for (queue, events) in by_queue {
            for batch in batches(&events) {
                self.send(queue, batch, &mut unpublished).await;
            }
        }
        let published = events.iter().filter(|event| !unpublished.contains(&event.event_id)).collect();
        (published, unpublished)
    }

    /// Sends a batch, and adds the events that the queue did not accept to `unpublished`. If the content of a
    /// message makes the whole request fail, each message is sent alone.
    async fn send(&self, queue: &str, batch: &[&OutboxEvent], unpublished: &mut Unpublished) {
        match self.send_once(queue, batch).await {
            Err(error) if error.rejection.is_some() && batch.len() > 1 => {
                for event in batch.chunks(1) {
                    unpublished.add(event, self.send_once(queue, event).await);
                }
            }
            result => unpublished.add(batch, result),
        }
    }

    async fn send_once(&self, queue: &str, batch: &[&OutboxEvent]) -> Result<SendResult, SendError> {
        let spans: Vec<TracedSpan> = batch.iter().map(|event| start_send_span(event, queue)).collect();
        let response = async {
            let pairs = batch.iter().zip(&spans).enumerate();
            let entries = pairs.map(|(position, (event, span))| entry(position, event, span.context()));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let request = self.sqs.send_message_batch().queue_url(queue).set_entries(Some(entries));
            request.send().await.map_err(|error| SendError {
                rejection: error.code().filter(|code| is_rejection(code)).map(str::to_owned),
                error: QueueError::of(&error),
            })
        };
        let result = response.await.map(|response| {
            let mut result = SendResult { failed: HashSet::new(), rejected: HashMap::new() };
            for failure in response.failed {
                let Ok(position) = failure.id.parse() else { continue };
                if failure.sender_fault && is_rejection(&failure.code) {
                    result.rejected.insert(position, failure.code);
                } else {
                    result.failed.insert(position);
                }
            }
            result
        });
        if let Err(SendError { error, .. }) = &result {
            tracing::warn!(%error, events = batch.len(), "failed to publish events");
        }
        for (position, span) in spans.into_iter().enumerate() {
            let succeeded = result.as_ref().is_ok_and(|result| {
                !result.failed.contains(&position) && !result.rejected.contains_key(&position)
            });
            if !succeeded {
                span.record_exception("QueueError", "the queue did not accept the event");
            }
            span.end(succeeded);
        }
        result
    }
}

impl<R: EventRouter> StreamHandler for Relay<R> {
    async fn handle(&self, events: Vec<OutboxEvent>) -> Vec<bool> {
        match self.publish(&events).await {
            Ok(unpublished) => {
                // A rejected event must not stop those behind it. It remains in the outbox, from which the
                // sweeper moves it to the dead letters.
                for (event, code) in &unpublished.rejected {
                    tracing::error!(eventId = %event, code, "a queue rejected an event");
                }
                events.iter().map(|event| !unpublished.failed.contains(&event.event_id)).collect()
            }
            Err(error) => {
                tracing::warn!(%error, "failed to move published events to the log; they will be published again");
                vec![false; events.len()]
            }
        }
    }
}

/// Records the number of published events and the longest publish delay.
fn record_metrics(published: &[&OutboxEvent], now: Timestamp) {
    let number = u32::try_from(published.len()).unwrap_or(u32::MAX);
    metrics::record(&OUTBOX_PUBLISHED, [], f64::from(number));
    if let Some(oldest) = published.iter().filter_map(|event| event.enqueued_at()).min() {
        metrics::record_duration(&OUTBOX_PUBLISH_DELAY, [], now.duration_since(oldest));
    }
}

/// Starts the span of sending an event to a queue, as a child of the span that caused the event.
fn start_send_span(event: &OutboxEvent, queue: &str) -> TracedSpan {
    let parent = trace::extract(event.attributes.get(TRACEPARENT).map(String::as_str), None);
    let queue = queue.rsplit('/').next().unwrap_or(queue);
    let attributes = vec![
        KeyValue::new("messaging.system", "aws_sqs"),
        KeyValue::new("messaging.operation.type", "send"),
        KeyValue::new("messaging.destination.name", queue.to_owned()),
        KeyValue::new("agora.event", event.event.clone()),
        KeyValue::new("agora.event.id", event.event_id.to_string()),
    ];
    TracedSpan::start_with_parent(&parent, SpanKind::Producer, format!("send {queue}"), attributes)
}

fn entry(
    position: usize,
    event: &OutboxEvent,
    context: &Context,
) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let mut entry =
        SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(&event.body);
    let traceparent = trace::traceparent_of(context);
    for (name, text) in message_attributes(event, traceparent.as_deref()) {
        entry = entry.message_attributes(name, attribute(text)?);
    }
    if let Some((name, value)) = trace_header(context)? {
        entry = entry.message_system_attributes(name, value);
    }
    entry.build().map_err(|error| QueueError::of(&error))
}

/// Message attributes: correlation id, event name, the original attributes of a redriven message, and the
/// current `traceparent`.
fn message_attributes<'a>(
    event: &'a OutboxEvent,
    traceparent: Option<&'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let own =
        [(CORRELATION_ATTRIBUTE, event.correlation_id.as_str()), (EVENT_ATTRIBUTE, event.event.as_str())];
    let original = event.attributes.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    own.into_iter().chain(original).chain(traceparent.map(|context| (TRACEPARENT, context))).collect()
}

/// Splits events into batches that SQS accepts.
fn batches<'a, 'e>(events: &'a [&'e OutboxEvent]) -> Vec<&'a [&'e OutboxEvent]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (position, event) in events.iter().enumerate() {
        let full = position - start == MAX_MESSAGES || bytes + event.body.len() > MAX_BYTES;
        if full && position > start {
            batches.push(&events[start..position]);
            (start, bytes) = (position, 0);
        }
        bytes += event.body.len();
    }
    if start < events.len() {
        batches.push(&events[start..]);
    }
    batches
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
            scope: None,
            attributes: BTreeMap::new(),
        }
    }

    #[test]
    fn batches_respect_both_limits_and_contain_every_event() {
        let events: Vec<OutboxEvent> =
            (0..25).map(|n| event(n, 100)).chain((25..28).map(|n| event(n, 150_000))).collect();
        let references: Vec<&OutboxEvent> = events.iter().collect();
        let sizes: Vec<usize> = batches(&references).iter().map(|batch| batch.len()).collect();
        assert_eq!(sizes, [10, 10, 6, 1, 1]);
        assert!(batches(&[]).is_empty());
    }
}
