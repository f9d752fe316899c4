//! The queues: at-least-once delivery in any order, visibility timeouts, and dead letters after the maximum
//! receive count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use shared::kit::queue::consumer::Delivery;
use shared::kit::queue::consumer::delivery::CORRELATION_ATTRIBUTE;
use shared::kit::system::clock::Timestamp;

use crate::template_config::{self, QueueConfig};

/// The queues of the template.
#[derive(Debug)]
pub struct Queues {
    by_name: BTreeMap<String, Queue>,
    next: u64,
    /// Ids of accepted events by queue.
    pub taken: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug)]
struct Queue {
    config: QueueConfig,
    messages: Vec<Message>,
}

/// A message.
#[derive(Debug, Clone)]
struct Message {
    id: u64,
    body: String,
    attributes: BTreeMap<String, String>,
    sent_at: Timestamp,
    visible_at: Timestamp,
    received: u32,
}

impl Queues {
    /// Creates empty queues.
    #[must_use]
    pub fn new() -> Self {
        let empty = |(name, config)| (name, Queue { config, messages: Vec::new() });
        let queues = template_config::queues().into_iter().map(empty).collect();
        Self { by_name: queues, next: 0, taken: BTreeMap::new() }
    }

    /// Executes a request. `refused` returns true for the indexes of a batch that the queue rejects.
    pub fn execute(
        &mut self,
        operation: &str,
        body: &Value,
        now: Timestamp,
        refused: impl Fn(usize) -> bool,
    ) -> (u16, Bytes) {
        let name = queue_name(body["QueueUrl"].as_str().unwrap_or_default()).to_owned();
        if !self.by_name.contains_key(&name) {
            return (400, json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist" }).to_string().into());
        }
        let response = match operation {
            "SendMessage" => {
                self.send_entry(&name, body, now);
                json!({ "MessageId": "m" })
            }
            "SendMessageBatch" => self.send_batch(&name, body, now, refused),
            "ChangeMessageVisibilityBatch" => self.change_visibility(&name, body, now),
            "GetQueueAttributes" => json!({ "Attributes": {} }),
            _ => return (400, Bytes::from_static(b"{\"__type\":\"UnsupportedOperation\"}")),
        };
        (200, response.to_string().into())
    }

    fn send_batch(
        &mut self,
        name: &str,
        body: &Value,
        now: Timestamp,
        refused: impl Fn(usize) -> bool,
    ) -> Value {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (index, entry) in body["Entries"].as_array().into_iter().flatten().enumerate() {
            if refused(index) {
                failed.push(json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }));
            } else {
                self.send_entry(name, entry, now);
                successful.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
            }
        }
        json!({ "Successful": successful, "Failed": failed })
    }

    fn send_entry(&mut self, name: &str, entry: &Value, now: Timestamp) {
        let body = entry["MessageBody"].as_str().unwrap_or_default();
        let envelope: Value = serde_json::from_str(body).unwrap_or_default();
        let event = envelope["id"].as_str().unwrap_or_default().to_owned();
        self.taken.entry(name.to_owned()).or_default().insert(event);
        let attributes = entry["MessageAttributes"].as_object().into_iter().flatten();
        let text = |value: &Value| value["StringValue"].as_str().unwrap_or_default().to_owned();
        let attributes = attributes.map(|(name, value)| (name.clone(), text(value))).collect();
        let delay = Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or(0));
        self.add(name, body, attributes, now, delay);
    }

    /// Sends a message.
    pub fn send(&mut self, name: &str, body: &str, now: Timestamp) {
        self.add(name, body, BTreeMap::new(), now, Duration::ZERO);
    }

    fn add(
        &mut self,
        name: &str,
        body: &str,
        attributes: BTreeMap<String, String>,
        now: Timestamp,
        delay: Duration,
    ) {
        let visible_at = now.saturating_add(delay);
        let body = body.to_owned();
        let message = Message { id: self.next, body, attributes, sent_at: now, visible_at, received: 0 };
        self.next += 1;
        if let Some(queue) = self.by_name.get_mut(name) {
            queue.messages.push(message);
        }
    }

    fn change_visibility(&mut self, name: &str, body: &Value, now: Timestamp) -> Value {
        let mut successful = Vec::new();
        for entry in body["Entries"].as_array().into_iter().flatten() {
            let id = entry["ReceiptHandle"].as_str().and_then(|handle| handle.parse().ok());
            let seconds = entry["VisibilityTimeout"].as_u64().unwrap_or(0);
            let messages = self.by_name.get_mut(name).into_iter().flat_map(|queue| &mut queue.messages);
            for message in messages.filter(|message| Some(message.id) == id) {
                message.visible_at = now.saturating_add(Duration::from_secs(seconds));
            }
            successful.push(json!({ "Id": entry["Id"] }));
        }
        json!({ "Successful": successful, "Failed": [] })
    }

    /// Ids of the deliverable messages of a queue. Messages that reached the maximum receive count are
    /// dead-lettered.
    pub fn ready(&mut self, name: &str, now: Timestamp) -> Vec<u64> {
        let Some(queue) = self.by_name.get_mut(name) else { return Vec::new() };
        if let Some((target, max_receive_count)) = &queue.config.redrive {
            let exhausted =
                |message: &mut Message| message.visible_at <= now && message.received >= *max_receive_count;
            let dead: Vec<Message> = queue.messages.extract_if(.., exhausted).collect();
            let target = target.clone();
            self.put(&target, dead, now);
        }
        let messages = self.by_name.get(name).into_iter().flat_map(|queue| &queue.messages);
        messages.filter(|message| message.visible_at <= now).map(|message| message.id).collect()
    }

    /// Ids of the messages of a queue in flight or delayed after a delivery.
    #[must_use]
    pub fn hidden(&self, name: &str, now: Timestamp) -> Vec<u64> {
        let hidden = |message: &&Message| message.visible_at > now && message.received > 0;
        self.messages(name).filter(hidden).map(|message| message.id).collect()
    }

    /// Earliest time at which a message of a queue is visible.
    #[must_use]
    pub fn next_visible(&self, name: &str) -> Option<Timestamp> {
        self.messages(name).map(|message| message.visible_at).min()
    }

    /// Number of messages of a queue.
    #[must_use]
    pub fn len(&self, name: &str) -> usize {
        self.messages(name).count()
    }

    /// Bodies of the messages of a queue.
    pub fn bodies(&self, name: &str) -> impl Iterator<Item = &str> {
        self.messages(name).map(|message| message.body.as_str())
    }

    fn messages(&self, name: &str) -> impl Iterator<Item = &Message> {
        self.by_name.get(name).into_iter().flat_map(|queue| &queue.messages)
    }

    /// Delivers messages of a queue, and hides them for the visibility timeout.
    pub fn receive(&mut self, name: &str, ids: &[u64], now: Timestamp) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        let Some(queue) = self.by_name.get_mut(name) else { return deliveries };
        for message in queue.messages.iter_mut().filter(|message| ids.contains(&message.id)) {
            message.received += 1;
            message.visible_at = now.saturating_add(queue.config.visibility);
            deliveries.push(message.delivery(name));
        }
        deliveries
    }

    /// Deletes processed messages of a queue.
    pub fn delete(&mut self, name: &str, ids: &[u64]) {
        if let Some(queue) = self.by_name.get_mut(name) {
            queue.messages.retain(|message| !ids.contains(&message.id));
        }
    }

    /// Name of the dead-letter queue of a queue.
    ///
    /// # Panics
    /// If the queue has none.
    #[must_use]
    pub fn dead_letter_queue(&self, name: &str) -> &str {
        let redrive = self.by_name.get(name).and_then(|queue| queue.config.redrive.as_ref());
        &redrive.expect("the queue has a dead-letter queue").0
    }

    /// Redrives all dead letters of a queue.
    pub fn redrive(&mut self, name: &str, now: Timestamp) {
        let dead_letters = self.dead_letter_queue(name).to_owned();
        let dead = self.by_name.get_mut(&dead_letters).map(|queue| std::mem::take(&mut queue.messages));
        self.put(name, dead.unwrap_or_default(), now);
    }

    /// Adds messages of another queue, which are visible at once.
    fn put(&mut self, name: &str, messages: Vec<Message>, now: Timestamp) {
        if let Some(queue) = self.by_name.get_mut(name) {
            let moved = messages.into_iter();
            queue.messages.extend(moved.map(|message| Message { received: 0, visible_at: now, ..message }));
        }
    }
}

impl Default for Queues {
    fn default() -> Self {
        Self::new()
    }
}

/// Name of the queue with this URL.
#[must_use]
pub fn queue_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

impl Message {
    fn delivery(&self, queue: &str) -> Delivery {
        Delivery {
            message_id: self.id.to_string(),
            receipt_handle: self.id.to_string(),
            body: self.body.clone(),
            receive_count: self.received,
            sent_at: Some(self.sent_at),
            queue: queue.to_owned(),
            correlation_id: self.attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            attributes: self.attributes.clone(),
        }
    }
}
