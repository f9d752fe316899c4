//! Time of a consumer per message, depending on the number of waiting messages.

use std::time::Instant;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, SendMessageBatchRequestEntry};
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;

use crate::events::batch;
use crate::fixture::TEN;
use crate::fixture::{Fixture, all_succeeded};
use crate::implementations::Implementation;
use crate::runner::Runner;
use crate::scaling::generator::ItemGenerator;
use crate::statistics::Percentiles;

/// Maximum number of messages that are handled from each queue; the others only wait.
const HANDLED: usize = 1_000;

/// Numbers of waiting messages.
pub const LENGTHS: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// Results on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Number of waiting messages.
    pub waiting: usize,
    /// Number of handled messages.
    pub handled: usize,
    /// Time to receive, handle and delete a batch, divided by its messages.
    pub message: Option<Percentiles>,
    /// Requests of the function to services, in all batches.
    pub requests: u64,
}

/// Fills a queue with `waiting` messages, and has `queue-analytics` handle some of them.
///
/// # Panics
/// If a response of the queue or the function is not the expected one.
pub async fn measure(
    fixture: &Fixture,
    runner: &Runner,
    generator: &mut ItemGenerator,
    waiting: usize,
) -> Backlog {
    let event = confirmed_event(fixture).await;
    let bodies = generator.orders_with_unpublished_events(fixture, &event, waiting);
    let queue = Queue::open(fixture, waiting).await;
    queue.send(&bodies).await;
    let function = (Implementation::Ours, "queue-analytics");
    let handled = waiting.min(HANDLED);
    let (mut durations, mut requests) = (Vec::new(), 0);
    for _ in 0..handled / TEN {
        let begun = Instant::now();
        let messages = queue.receive().await;
        let pending: Vec<OutboxEvent> = messages.iter().map(|message| with_body(&event, message)).collect();
        let measurement = runner.invoke(function, &batch(&fixture.queue_of(function.1), &pending)).await;
        assert!(all_succeeded(&measurement.response), "{}", measurement.response);
        queue.delete(&messages).await;
        let ten = u32::try_from(messages.len()).expect("a batch has ten messages");
        durations.push(begun.elapsed() / ten);
        requests += measurement.cost.all();
    }
    Backlog { waiting, handled, message: Percentiles::of(durations), requests }
}

/// Event of a confirmed order.
async fn confirmed_event(fixture: &Fixture) -> OutboxEvent {
    fixture.clear_outbox().await;
    fixture.place(&local::system::aws_ids::uuid()).await;
    fixture.deliver("queue-fulfilment", &fixture.take_events("order.created").await).await;
    fixture.take_events("order.confirmed").await.remove(0)
}

/// Copy of `event` with the body of a message.
fn with_body(event: &OutboxEvent, message: &Message) -> OutboxEvent {
    OutboxEvent { body: message.body().unwrap_or_default().to_owned(), ..event.clone() }
}

/// A queue without other consumers.
struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    async fn open(fixture: &Fixture, waiting: usize) -> Self {
        let client = fixture.app.sqs();
        let created = client.create_queue().queue_name(format!("backlog-of-{waiting}")).send().await;
        let url = created.expect("the queue is created").queue_url.expect("the queue has a URL");
        Self { client, url }
    }

    async fn send(&self, bodies: &[String]) {
        for ten in bodies.chunks(TEN) {
            let entry = |(number, body): (usize, &String)| {
                let entry = SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body);
                entry.build().expect("the entry is complete")
            };
            let entries = ten.iter().enumerate().map(entry).collect();
            let sent =
                self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
            assert!(sent.expect("the messages are sent").failed.is_empty(), "a message was rejected");
        }
    }

    async fn receive(&self) -> Vec<Message> {
        let received =
            self.client.receive_message().queue_url(&self.url).max_number_of_messages(10).send().await;
        received.expect("the messages are received").messages.unwrap_or_default()
    }

    async fn delete(&self, messages: &[Message]) {
        let entry = |(number, message): (usize, &Message)| {
            let handle = message.receipt_handle().unwrap_or_default();
            let entry =
                DeleteMessageBatchRequestEntry::builder().id(number.to_string()).receipt_handle(handle);
            entry.build().expect("the entry is complete")
        };
        let entries = messages.iter().enumerate().map(entry).collect();
        let deleted =
            self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        assert!(deleted.expect("the messages are deleted").failed.is_empty(), "a message was not deleted");
    }
}
