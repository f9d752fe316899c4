//! Integration tests of `queue-dead-letters`: SQS batches handled on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod jobs;
mod record;
mod redrive;

use queue_dead_letters::DeadLetters;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::command::page::PageRequest;
use shared::kit::queue::consumer::queue::UnmanagedQueue;
use shared::kit::system::config::Environment;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::event_routing::{DeadLetterQueues, Subscriber};
use shared::repository::dead_letter::DeadLetterList;
use strum::VariantArray as _;
use test_support::queue_function::handle_from;

/// Dead-letter queue of `queue-fulfilment`.
const QUEUE: &str = "agora-fulfilment-dead-letters";

/// Environment variables with the URLs of the dead-letter queues.
fn queue_urls() -> Environment {
    let variable = |subscriber: &Subscriber| {
        let queue = subscriber.to_string().replace('_', "-");
        let url = format!("https://sqs.local/000000000000/agora-{queue}-dead-letters");
        (subscriber.dlq_env_var().to_owned(), url)
    };
    Subscriber::VARIANTS.iter().map(variable).collect()
}

/// Handles an event as the function does; returns the ids of the failed messages.
async fn handle(store: &DynamoStore, event: &Value) -> Vec<String> {
    let queues = DeadLetterQueues::from_env(&queue_urls()).unwrap();
    handle_from(&DeadLetters::new(store.clone(), queues), &UnmanagedQueue, event).await
}

/// The dead letters stored for a queue, newest first.
async fn recorded(reader: &DynamoReader, queue: Subscriber) -> Vec<DeadLetter> {
    let list = DeadLetterList { queue: Some(queue), status: Some(DeadLetterStatus::Dead), subject: None };
    reader.dead_letters(&list, &PageRequest::first(100)).await.unwrap().items
}

/// Message from the dead-letter queue with these attributes.
fn dead(message_id: &str, attributes: &[(&str, &str)]) -> Value {
    let attribute = |text: &str| json!({ "stringValue": text, "dataType": "String" });
    let attributes: serde_json::Map<String, Value> =
        attributes.iter().map(|(name, text)| ((*name).to_owned(), attribute(text))).collect();
    json!({
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": format!("the body of {message_id}"),
        "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1705937401000" },
        "messageAttributes": attributes,
        "eventSourceARN": format!("arn:aws:sqs:eu-central-1:000000000000:{QUEUE}"),
    })
}
