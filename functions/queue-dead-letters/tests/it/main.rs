//! Dead messages on an embedded table: recorded once each, whatever they are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod jobs;
mod record;
mod redrive;

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use queue_dead_letters::DeadLetters;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::{DynamoReader, DynamoStore};
use shared::kit::command::page::PageRequest;
use shared::kit::queue::consumer::queue::UnmanagedQueue;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy};
use shared::kit::system::config::Environment;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::event_routing::DeadLetterQueues;
use shared::messaging::event_routing::Subscriber;
use shared::repository::dead_letter::{DeadLetterList, DeadLetterReader};
use test_support::fixture::Marketplace;

/// The queue that the dead letters of orders come through.
const QUEUE: &str = "agora-fulfilment-dead-letters";

/// Where the dead-letter queues are.
fn addresses() -> Environment {
    let address = |subscriber: &Subscriber| {
        let queue = subscriber.as_str().replace('_', "-");
        let url = format!("https://sqs.local/000000000000/agora-{queue}-dead-letters");
        (subscriber.dlq_env_var().to_owned(), url)
    };
    Subscriber::ALL.iter().map(address).collect()
}

/// Handles an event as the function does; says which messages come back.
async fn handle(store: &DynamoStore, event: &Value) -> Vec<String> {
    let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
    let batch: Vec<Delivery> = event.records.into_iter().map(Delivery::from).collect();
    let queues = DeadLetterQueues::from_env(&addresses()).unwrap();
    let handler = DeadLetters::new(store.clone(), queues);
    let deadline = SystemClock.now().saturating_add(Duration::from_secs(29));
    let chance = (&SystemClock, &SystemEntropy);
    let response = Box::pin(consume(&handler, &UnmanagedQueue, batch, deadline, chance)).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

/// What is recorded of a queue, newest first.
async fn recorded(reader: &DynamoReader, queue: Subscriber) -> Vec<DeadLetter> {
    let list = DeadLetterList { queue: Some(queue), status: Some(DeadLetterStatus::Dead) };
    reader.dead_letters(list, &PageRequest::first(100)).await.unwrap().items
}

/// A message that came through the dead-letter queue, with these attributes.
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

/// An empty table.
async fn open() -> Marketplace {
    Marketplace::empty().await
}
