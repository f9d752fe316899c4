//! Queues of any length: how long a consumer takes for a message when so many wait.

use std::time::Instant;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, SendMessageBatchRequestEntry};
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;

use crate::events::batch;
use crate::fixture::{Fixture, all_succeeded};
use crate::implementations::Implementation;
use crate::runner::Runner;
use crate::scaling::generator::ItemGenerator;
use crate::statistics::Percentiles;
use crate::workloads::TEN;

/// Messages that are handled, at most, of each queue: the others only wait.
const HANDLED: usize = 1_000;

/// How many messages wait.
pub const LENGTHS: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// What was measured on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// How many messages waited.
    pub waiting: usize,
    /// How many of them were handled.
    pub handled: usize,
    /// Receiving, handling and removing a batch, per message.
    pub message: Option<Percentiles>,
    /// Requests to the table and to queues, of all batches.
    pub requests: u64,
}

/// Lets so many messages wait, and has `queue-analytics` handle some of them.
///
/// # Panics
/// If a queue or the function does not answer as it should.
pub async fn measure(
    (stage, theatre): (&Fixture, &Runner),
    crowd: &mut ItemGenerator,
    waiting: usize,
) -> Backlog {
    let told = told(stage).await;
    let bodies = crowd.orders_with_unpublished_events(stage, &told, waiting);
    let queue = Queue::open(stage, waiting).await;
    queue.send(&bodies).await;
    let function = (Implementation::Ours, "queue-analytics");
    let handled = waiting.min(HANDLED);
    let (mut took, mut requests) = (Vec::new(), 0);
    for _ in 0..handled / TEN {
        let begun = Instant::now();
        let messages = queue.receive().await;
        let pending: Vec<OutboxEvent> = messages.iter().map(|message| as_told(&told, message)).collect();
        let taken = theatre.invoke(function, &batch(&stage.queue_of(function.1), &pending)).await;
        assert!(all_succeeded(&taken.answer), "{}", taken.answer);
        queue.remove(&messages).await;
        let ten = u32::try_from(messages.len()).expect("a batch is ten");
        took.push(begun.elapsed() / ten);
        requests += taken.cost.all();
    }
    Backlog { waiting, handled, message: Percentiles::of(took), requests }
}

/// What there is to hear of an order that is confirmed.
async fn told(stage: &Fixture) -> OutboxEvent {
    stage.clear_outbox().await;
    stage.place(&local::system::aws_ids::uuid()).await;
    stage.deliver("queue-fulfilment", &stage.take_events("order.created").await).await;
    stage.take_events("order.confirmed").await.remove(0)
}

fn as_told(told: &OutboxEvent, message: &Message) -> OutboxEvent {
    OutboxEvent { body: message.body().unwrap_or_default().to_owned(), ..told.clone() }
}

/// A queue that nothing else reads.
struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    async fn open(stage: &Fixture, waiting: usize) -> Self {
        let client = stage.shop.sqs();
        let created = client.create_queue().queue_name(format!("backlog-of-{waiting}")).send().await;
        let url = created.expect("a queue is created").queue_url.expect("a queue has a URL");
        Self { client, url }
    }

    async fn send(&self, bodies: &[String]) {
        for ten in bodies.chunks(TEN) {
            let entry = |(number, body): (usize, &String)| {
                let entry = SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body);
                entry.build().expect("a message is complete")
            };
            let entries = ten.iter().enumerate().map(entry).collect();
            let sent =
                self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
            assert!(sent.expect("messages are sent").failed.is_empty(), "a message was refused");
        }
    }

    async fn receive(&self) -> Vec<Message> {
        let received =
            self.client.receive_message().queue_url(&self.url).max_number_of_messages(10).send().await;
        received.expect("messages are received").messages.unwrap_or_default()
    }

    async fn remove(&self, messages: &[Message]) {
        let entry = |(number, message): (usize, &Message)| {
            let handle = message.receipt_handle().unwrap_or_default();
            let entry =
                DeleteMessageBatchRequestEntry::builder().id(number.to_string()).receipt_handle(handle);
            entry.build().expect("a removal is complete")
        };
        let entries = messages.iter().enumerate().map(entry).collect();
        let removed =
            self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        assert!(removed.expect("messages are removed").failed.is_empty(), "a message was not removed");
    }
}
