//! SQS event source mapping, after "Using Lambda with Amazon SQS" in the developer guide: receives messages,
//! invokes the function with them, and deletes the processed ones.
//!
//! A message that is not processed is redelivered after its visibility timeout. The queue's redrive policy
//! moves it to the dead-letter queue after too many receives.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustack_sqs_model::types::{Message, MessageAttributeValue};
use serde_json::{Map, Value, json};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{Invoker, Outcome, filter::Filters, outcome};
use crate::services::sqs::{FailedDelivery, Queues};
use crate::system::{arn, clock};
use crate::template::QueueMapping;

/// Interval at which queues are polled for messages whose visibility timeout or delay has ended. Sent
/// messages are received at once.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// One SQS event source mapping.
pub(crate) struct QueuePoller {
    pub(crate) function: String,
    pub(crate) mapping: QueueMapping,
    pub(crate) queues: Queues,
    pub(crate) invoker: Invoker,
    pub(crate) stop: CancellationToken,
}

impl QueuePoller {
    /// Polls until the stack stops, then waits for running invocations.
    pub(crate) async fn run(self) {
        let host = self.invoker.concurrency(&self.function);
        let limit = self.mapping.maximum_concurrency.map_or(host, |maximum| maximum.min(host)).max(1);
        let permits = Arc::new(Semaphore::new(limit));
        let poller = Arc::new(self);
        let mut batches = JoinSet::new();
        while let Some((messages, permit)) = poller.next_batch(&permits).await {
            let poller = Arc::clone(&poller);
            batches.spawn(async move {
                poller.process(messages).await;
                drop(permit);
            });
            while batches.try_join_next().is_some() {}
        }
        while batches.join_next().await.is_some() {}
    }

    async fn next_batch(&self, permits: &Arc<Semaphore>) -> Option<(Vec<Message>, OwnedSemaphorePermit)> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            batch = async {
                // Receives only when a batch can be processed, because the visibility timeout starts with the
                // receive.
                let permit = Arc::clone(permits).acquire_owned().await.ok()?;
                Some((self.gather().await, permit))
            } => batch,
        }
    }

    /// Waits for a first message, then gathers more until the batch is full or the batching window ends.
    async fn gather(&self) -> Vec<Message> {
        let mut changes = self.queues.changes();
        let mut messages = Vec::new();
        let mut end = None;
        loop {
            changes.borrow_and_update();
            let room = self.mapping.batch_size - messages.len();
            let received = self.queues.receive(&self.mapping.queue, room).await.unwrap_or_default();
            let none_received = received.is_empty();
            messages.extend(received);
            if messages.len() >= self.mapping.batch_size {
                return messages;
            }
            if !messages.is_empty() {
                let end = *end.get_or_insert_with(|| Instant::now() + self.mapping.window);
                if none_received && Instant::now() >= end {
                    return messages;
                }
            }
            if none_received {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = clock::sleep(POLL_INTERVAL) => {}
                }
            }
        }
    }

    async fn process(&self, messages: Vec<Message>) {
        let (matching, filtered_out): (Vec<_>, Vec<_>) = messages
            .into_iter()
            .map(|message| (record(&message, &self.mapping.queue), message))
            .partition(|(record, _)| matches(&self.mapping.filters, record));
        for (_, message) in filtered_out {
            self.delete(&message).await;
        }
        if matching.is_empty() {
            return;
        }
        let (records, messages): (Vec<_>, Vec<_>) = matching.into_iter().unzip();
        let output = self.invoker.invoke(&self.function, &json!({ "Records": records })).await;
        let known: Vec<_> = messages.iter().filter_map(|message| message.message_id.as_deref()).collect();
        let failed = match outcome(&output, self.mapping.report_failures, &known) {
            Outcome::Success => Vec::new(),
            Outcome::Partial(failed) => failed,
            Outcome::Failure => {
                return self.queues.fail(messages.iter().map(|message| self.failed(message, false)));
            }
        };
        for message in &messages {
            let id = message.message_id.as_deref().unwrap_or_default();
            if failed.iter().any(|failed| failed == id) {
                self.queues.fail([self.failed(message, true)]);
            } else {
                self.delete(message).await;
            }
        }
    }

    fn failed(&self, message: &Message, reported: bool) -> FailedDelivery {
        let receipt = message.receipt_handle.clone().unwrap_or_default();
        FailedDelivery { queue: self.mapping.queue.clone(), receipt, reported }
    }

    async fn delete(&self, message: &Message) {
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        if let Err(error) = self.queues.delete(&self.mapping.queue, receipt).await {
            self.invoker.report(&self.function, &format!("cannot delete a message: {error}"));
        }
    }
}

/// Returns true if the filters match a record. A body that is JSON is matched as text and as JSON.
fn matches(filters: &Filters, record: &Value) -> bool {
    if filters.is_empty() || filters.matches(record) {
        return true;
    }
    let parsed = record["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    parsed.is_some_and(|body| {
        let mut record = record.clone();
        record["body"] = body;
        filters.matches(&record)
    })
}

/// Entry of `Records` in the event.
fn record(message: &Message, queue: &str) -> Value {
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": attributes(&message.message_attributes),
        "md5OfBody": message.md5_of_body,
        "md5OfMessageAttributes": message.md5_of_message_attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn::queue_arn(queue),
        "awsRegion": arn::REGION,
    })
}

fn attributes(attributes: &HashMap<String, MessageAttributeValue>) -> Map<String, Value> {
    let one = |(name, value): (&String, &MessageAttributeValue)| {
        let mut entry = Map::new();
        if let Some(text) = &value.string_value {
            entry.insert("stringValue".to_owned(), json!(text));
        }
        if let Some(bytes) = &value.binary_value {
            entry.insert("binaryValue".to_owned(), json!(STANDARD.encode(bytes)));
        }
        entry.insert("stringListValues".to_owned(), json!([]));
        entry.insert("binaryListValues".to_owned(), json!([]));
        entry.insert("dataType".to_owned(), json!(value.data_type));
        (name.clone(), Value::Object(entry))
    };
    attributes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_has_the_format_of_lambda() {
        let attribute = MessageAttributeValue {
            data_type: "String".to_owned(),
            string_value: Some("x".to_owned()),
            binary_value: None,
        };
        let message = Message {
            message_id: Some("m1".to_owned()),
            receipt_handle: Some("r1".to_owned()),
            body: Some("{}".to_owned()),
            attributes: HashMap::from([("ApproximateReceiveCount".to_owned(), "1".to_owned())]),
            message_attributes: HashMap::from([("kind".to_owned(), attribute)]),
            ..Message::default()
        };
        let record = record(&message, "agora-q");
        assert_eq!(record["eventSourceARN"], "arn:aws:sqs:eu-central-1:000000000000:agora-q");
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
        assert_eq!(record["messageAttributes"]["kind"]["stringValue"], "x");
        assert_eq!(record["messageAttributes"]["kind"]["dataType"], "String");
    }

    #[test]
    fn filters_match_json_bodies_by_field() {
        let by_body = Filters::any(vec![Filters::pattern(r#"{"body": {"kind": ["a"]}}"#).unwrap()]);
        assert!(matches(&by_body, &json!({ "body": r#"{"kind":"a"}"# })));
        assert!(!matches(&by_body, &json!({ "body": "plain" })));
        let by_text = Filters::any(vec![Filters::pattern(r#"{"body": ["plain"]}"#).unwrap()]);
        assert!(matches(&by_text, &json!({ "body": "plain" })));
    }
}
