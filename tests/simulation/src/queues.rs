//! The queues: at-least-once delivery in any order, visibility timeouts, and dead letters after the maximum
//! receive count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use shared::kit::queue::consumer::Delivery;
use shared::kit::queue::consumer::delivery::{CORRELATION_ATTRIBUTE, MAX_RECEIVE_COUNT};
use shared::kit::system::clock::Timestamp;
use shared::messaging::event_routing::Subscriber;

use crate::template_config;

/// The queues of a world. Only the queue of one function is consumed; the others only record accepted events.
#[derive(Debug)]
pub struct Queues {
    /// Function that consumes messages.
    consumer: &'static str,
    /// URL of its queue.
    url: String,
    messages: Vec<Message>,
    next: u64,
    /// Ids of accepted events by queue.
    pub taken: BTreeMap<String, BTreeSet<String>>,
    /// Dead letters.
    pub dead: Vec<Message>,
}

/// A message of the consumed queue.
#[derive(Debug, Clone)]
pub struct Message {
    id: u64,
    body: String,
    attributes: BTreeMap<String, String>,
    sent_at: Timestamp,
    visible_at: Timestamp,
    received: u32,
}

impl Queues {
    /// Creates empty queues. The function `consumer` consumes the queue of `subscriber`.
    ///
    /// # Panics
    /// If the template lacks the queue.
    #[must_use]
    pub fn new(consumer: &'static str, subscriber: Subscriber) -> Self {
        let own = template_config::addresses().iter().find(|(owner, _)| *owner == subscriber);
        let url = own.map(|(_, address)| address.clone()).expect("the template has the queue");
        let (messages, taken, dead) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { consumer, url, messages, next: 0, taken, dead }
    }

    /// Executes a request. `refused` returns true for the indexes of a batch that the queue rejects.
    pub fn execute(
        &mut self,
        operation: &str,
        body: &Value,
        now: Timestamp,
        refused: impl Fn(usize) -> bool,
    ) -> (u16, Bytes) {
        let address = body["QueueUrl"].as_str().unwrap_or_default().to_owned();
        let response = match operation {
            "SendMessage" => {
                self.send(&address, body, now);
                json!({ "MessageId": "m" })
            }
            "SendMessageBatch" => self.send_batch(&address, body, now, refused),
            "ChangeMessageVisibilityBatch" => self.change_visibility(body, now),
            _ => return (400, Bytes::from_static(b"{\"__type\":\"UnsupportedOperation\"}")),
        };
        (200, response.to_string().into())
    }

    fn send_batch(
        &mut self,
        address: &str,
        body: &Value,
        now: Timestamp,
        refused: impl Fn(usize) -> bool,
    ) -> Value {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (index, entry) in body["Entries"].as_array().into_iter().flatten().enumerate() {
            if refused(index) {
                failed.push(json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }));
            } else {
                self.send(address, entry, now);
                successful.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
            }
        }
        json!({ "Successful": successful, "Failed": failed })
    }

    fn send(&mut self, address: &str, entry: &Value, now: Timestamp) {
        let body = entry["MessageBody"].as_str().unwrap_or_default().to_owned();
        let envelope: Value = serde_json::from_str(&body).unwrap_or_default();
        let event = envelope["id"].as_str().unwrap_or_default().to_owned();
        let attributes = entry["MessageAttributes"].as_object().into_iter().flatten();
        let text = |value: &Value| value["StringValue"].as_str().unwrap_or_default().to_owned();
        let attributes = attributes.map(|(name, value)| (name.clone(), text(value))).collect();
        let visible_at = now.saturating_add(Duration::from_secs(entry["DelaySeconds"].as_u64().unwrap_or(0)));
        let message = Message { id: self.next, body, attributes, sent_at: now, visible_at, received: 0 };
        self.next += 1;
        let known = template_config::addresses().iter().any(|(_, known)| known == address);
        if known {
            self.taken.entry(address.to_owned()).or_default().insert(event);
        } else {
            self.dead.push(message.clone());
        }
        if address == self.url {
            self.messages.push(message);
        }
    }

    fn change_visibility(&mut self, body: &Value, now: Timestamp) -> Value {
        let mut successful = Vec::new();
        for entry in body["Entries"].as_array().into_iter().flatten() {
            let id = entry["ReceiptHandle"].as_str().and_then(|handle| handle.parse().ok());
            let seconds = entry["VisibilityTimeout"].as_u64().unwrap_or(0);
            for message in self.messages.iter_mut().filter(|message| Some(message.id) == id) {
                message.visible_at = now.saturating_add(Duration::from_secs(seconds));
            }
            successful.push(json!({ "Id": entry["Id"] }));
        }
        json!({ "Successful": successful, "Failed": [] })
    }

    /// Ids of deliverable messages. Messages that reached the maximum receive count are dead-lettered.
    pub fn ready(&mut self, now: Timestamp) -> Vec<u64> {
        let exhausted =
            |message: &mut Message| message.visible_at <= now && message.received >= MAX_RECEIVE_COUNT;
        let dead: Vec<Message> = self.messages.extract_if(.., exhausted).collect();
        self.dead.extend(dead);
        self.messages.iter().filter(|message| message.visible_at <= now).map(|message| message.id).collect()
    }

    /// Ids of messages in flight or delayed after a delivery.
    #[must_use]
    pub fn hidden(&self, now: Timestamp) -> Vec<u64> {
        let hidden = |message: &&Message| message.visible_at > now && message.received > 0;
        self.messages.iter().filter(hidden).map(|message| message.id).collect()
    }

    /// Earliest time at which a message is visible.
    #[must_use]
    pub fn next_visible(&self) -> Option<Timestamp> {
        self.messages.iter().map(|message| message.visible_at).min()
    }

    /// Delivers messages, and hides them for the visibility timeout.
    pub fn receive(&mut self, ids: &[u64], now: Timestamp) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for message in self.messages.iter_mut().filter(|message| ids.contains(&message.id)) {
            message.received += 1;
            message.visible_at = now.saturating_add(template_config::visibility(self.consumer));
            deliveries.push(message.delivery(self.consumer));
        }
        deliveries
    }

    /// Deletes processed messages.
    pub fn delete(&mut self, ids: &[u64]) {
        self.messages.retain(|message| !ids.contains(&message.id));
    }

    /// Redrives all dead letters.
    pub fn redrive(&mut self, now: Timestamp) {
        for message in self.dead.drain(..) {
            self.messages.push(Message { received: 0, visible_at: now, ..message });
        }
    }
}

impl Message {
    fn delivery(&self, consumer: &str) -> Delivery {
        Delivery {
            message_id: self.id.to_string(),
            receipt_handle: self.id.to_string(),
            body: self.body.clone(),
            receive_count: self.received,
            sent_at: Some(self.sent_at),
            queue: consumer.to_owned(),
            correlation_id: self.attributes.get(CORRELATION_ATTRIBUTE).cloned(),
            attributes: self.attributes.clone(),
        }
    }
}
