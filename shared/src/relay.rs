//! The relay: events from the outbox to the queues that subscribe to them.
//!
//! An event leaves the outbox only when every subscriber's queue has taken it. A crash in between publishes it once
//! more; consumers' receipts see to that.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::command::{EventId, StoreError};
use crate::consumer::delivery::CORRELATION_ATTRIBUTE;
use crate::consumer::queue::{QueueError, attribute};
use crate::dynamodb::outbox::{Outbox, Pending};
use crate::runtime::StreamHandler;

/// Publishes events.
#[derive(Debug, Clone)]
pub struct Relay<R> {
    outbox: Outbox,
    sqs: aws_sdk_sqs::Client,
    routes: R,
}

/// Says which queues subscribe to an event.
pub trait Routes: Send + Sync {
    /// The addresses of the subscribers' queues, by the event's name.
    fn queues(&self, event: &str) -> Vec<&str>;
}

/// SQS takes this many messages in one request.
const MAX_MESSAGES: usize = 10;
/// SQS takes this many bytes in one request; ours are counted with room for attributes.
const MAX_BYTES: usize = 200 * 1024;

impl<R: Routes> Relay<R> {
    /// A relay from `outbox` along `routes`.
    pub const fn new(outbox: Outbox, sqs: aws_sdk_sqs::Client, routes: R) -> Self {
        Self { outbox, sqs, routes }
    }

    /// Publishes events and removes them from the outbox; says which could not be published to all subscribers.
    ///
    /// # Errors
    /// [`StoreError`] if published events could not be removed; they are published again then.
    pub async fn publish(&self, events: &[Pending]) -> Result<HashSet<EventId>, StoreError> {
        let mut by_queue: BTreeMap<&str, Vec<&Pending>> = BTreeMap::new();
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
        let published = events.iter().filter(|event| !failed.contains(&event.event_id));
        self.outbox.remove(published.map(Pending::place).collect()).await?;
        Ok(failed)
    }

    /// Sends one batch; says which of it the queue did not take.
    async fn send(&self, queue: &str, batch: &[&Pending]) -> Vec<EventId> {
        let sent = async {
            let entries = batch.iter().enumerate().map(|(position, event)| entry(position, event));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let request = self.sqs.send_message_batch().queue_url(queue).set_entries(Some(entries));
            request.send().await.map_err(|error| QueueError::of(&error))
        };
        match sent.await {
            Ok(answer) => {
                let positions = answer.failed.iter().filter_map(|failure| failure.id.parse::<usize>().ok());
                positions.filter_map(|position| Some(batch.get(position)?.event_id.clone())).collect()
            }
            Err(error) => {
                tracing::warn!(%error, events = batch.len(), "events could not be published");
                batch.iter().map(|event| event.event_id.clone()).collect()
            }
        }
    }
}

impl<R: Routes> StreamHandler for Relay<R> {
    async fn handle(&self, events: Vec<Pending>) -> Vec<bool> {
        match self.publish(&events).await {
            Ok(failed) => events.iter().map(|event| !failed.contains(&event.event_id)).collect(),
            Err(error) => {
                tracing::warn!(%error, "published events could not be removed; they are published again");
                vec![false; events.len()]
            }
        }
    }
}

fn entry(position: usize, event: &Pending) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let mut entry =
        SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(&event.body);
    for (name, text) in beside(event) {
        entry = entry.message_attributes(name, attribute(text)?);
    }
    entry.build().map_err(|error| QueueError::of(&error))
}

/// What stands beside the message. What stood beside one that was sent before stands there again.
fn beside(event: &Pending) -> BTreeMap<&str, &str> {
    let own = [(CORRELATION_ATTRIBUTE, event.correlation_id.as_str()), ("event", event.event.as_str())];
    let before = event.attributes.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    own.into_iter().chain(before).collect()
}

/// Cuts events into batches that SQS takes.
fn batches<'a, 'e>(events: &'a [&'e Pending]) -> Vec<&'a [&'e Pending]> {
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
    use crate::command::Version;

    fn event(n: u64, bytes: usize) -> Pending {
        Pending {
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
        let events: Vec<Pending> =
            (0..25).map(|n| event(n, 100)).chain((25..28).map(|n| event(n, 150_000))).collect();
        let references: Vec<&Pending> = events.iter().collect();
        let sizes: Vec<usize> = batches(&references).iter().map(|batch| batch.len()).collect();
        assert_eq!(sizes, [10, 10, 6, 1, 1]);
        assert!(batches(&[]).is_empty());
    }
}
