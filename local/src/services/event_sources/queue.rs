//! The SQS event source: receives messages, invokes the function with them, deletes those that are done.
//!
//! After "Using Lambda with Amazon SQS" in the developer guide. A message that is not done is left alone and comes
//! back when its visibility time-out ends; the queue's redrive policy moves it away when it came back too often.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustack_sqs_model::types::{Message, MessageAttributeValue};
use serde_json::{Map, Value, json};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::Instant,
};

use super::{Invoker, Outcome, filter::Filters, outcome};
use crate::services::sqs::{Failed, Queues};
use crate::system::shutdown::Shutdown;
use crate::system::{arn, clock};
use crate::template::QueueMapping;

/// How soon a message is seen that becomes visible by the passing of time. Sent messages are seen at once.
const POLL: Duration = Duration::from_millis(20);

/// One SQS event source.
pub(crate) struct QueuePoller {
    pub(crate) function: String,
    pub(crate) mapping: QueueMapping,
    pub(crate) queues: Queues,
    pub(crate) invoker: Invoker,
    pub(crate) stop: Shutdown,
}

impl QueuePoller {
    /// Polls until the stack stops, and then until the invocations under way have ended.
    pub(crate) async fn run(self) {
        let host = self.invoker.concurrency(&self.function);
        let limit = self.mapping.maximum_concurrency.map_or(host, |most| most.min(host)).max(1);
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
            () = self.stop.wait() => None,
            batch = async {
                // Messages are only received when there is room to work on them: their time-outs run from then on.
                let permit = Arc::clone(permits).acquire_owned().await.ok()?;
                Some((self.gather().await, permit))
            } => batch,
        }
    }

    /// Waits for messages; once there is one, gathers more until the batch is full or the window ends.
    async fn gather(&self) -> Vec<Message> {
        let mut changes = self.queues.changes();
        let mut messages = Vec::new();
        let mut end = None;
        loop {
            changes.borrow_and_update();
            let room = self.mapping.batch_size - messages.len();
            let received = self.queues.receive(&self.mapping.queue, room).await.unwrap_or_default();
            let none = received.is_empty();
            messages.extend(received);
            if messages.len() >= self.mapping.batch_size {
                return messages;
            }
            if !messages.is_empty() {
                let end = *end.get_or_insert_with(|| Instant::now() + self.mapping.window);
                if none && Instant::now() >= end {
                    return messages;
                }
            }
            if none {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = clock::sleep(POLL) => {}
                }
            }
        }
    }

    async fn process(&self, messages: Vec<Message>) {
        let (wanted, unwanted): (Vec<_>, Vec<_>) = messages
            .into_iter()
            .map(|message| (record(&message, &self.mapping.queue), message))
            .partition(|(record, _)| matches(&self.mapping.filters, record));
        for (_, message) in unwanted {
            self.delete(&message).await;
        }
        if wanted.is_empty() {
            return;
        }
        let (records, messages): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        let answer = self.invoker.invoke(&self.function, &json!({ "Records": records })).await;
        let known: Vec<_> = messages.iter().filter_map(|message| message.message_id.as_deref()).collect();
        let failed = match outcome(&answer, self.mapping.report_failures, &known) {
            Outcome::Success => Vec::new(),
            Outcome::Partial(failed) => failed,
            Outcome::Failure => return self.queues.fail(messages.iter().map(|one| self.failed(one, false))),
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

    fn failed(&self, message: &Message, reported: bool) -> Failed {
        let receipt = message.receipt_handle.clone().unwrap_or_default();
        Failed { queue: self.mapping.queue.clone(), receipt, reported }
    }

    async fn delete(&self, message: &Message) {
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        if let Err(error) = self.queues.delete(&self.mapping.queue, receipt).await {
            self.invoker.report(&self.function, &format!("cannot delete a message: {error}"));
        }
    }
}

/// A filter sees a body that is JSON as JSON, and any other as text.
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

/// One entry of `Records`.
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
    fn a_record_has_lambdas_form() {
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
    fn filters_see_into_a_body_that_is_json() {
        let by_body = Filters::any(vec![Filters::pattern(r#"{"body": {"kind": ["a"]}}"#).unwrap()]);
        assert!(matches(&by_body, &json!({ "body": r#"{"kind":"a"}"# })));
        assert!(!matches(&by_body, &json!({ "body": "plain" })));
        let by_text = Filters::any(vec![Filters::pattern(r#"{"body": ["plain"]}"#).unwrap()]);
        assert!(matches(&by_text, &json!({ "body": "plain" })));
    }
}
