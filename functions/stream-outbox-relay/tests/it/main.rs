//! Integration tests of `stream-outbox-relay` on an embedded table and queue service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod events;
mod publish;

use std::collections::{BTreeMap, HashMap};

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use serde_json::{Value, json};
use shared::kit::aws::Aws;
use shared::kit::aws::dynamodb::schema::OUTBOX_SHARDS;
use shared::kit::aws::dynamodb::write::outbox::{Outbox, OutboxEvent};
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::runtime::relay_records;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::fixture::Marketplace;

/// A marketplace, and queues that only the test reads.
struct Fixture {
    marketplace: Marketplace,
    outbox: Outbox,
    sqs: aws_sdk_sqs::Client,
}

/// Queue URLs by event name.
#[derive(Debug, Clone, Default)]
struct Routes(HashMap<&'static str, Vec<String>>);

impl EventRouter for Routes {
    fn queues(&self, event: &str) -> Vec<&str> {
        self.0.get(event).map(|queues| queues.iter().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// Body and attributes of a received message.
type Message = (Value, BTreeMap<String, String>);

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let sqs = Aws::from_env(&marketplace.env("stream-outbox-relay")).unwrap().sqs();
        let outbox = Outbox::new(marketplace.table.table());
        let fixture = Self { marketplace, outbox, sqs };
        // The tests do not need the events of the marketplace itself.
        let initial = fixture.unpublished().await;
        fixture.outbox.remove(initial.iter().map(OutboxEvent::key).collect()).await.unwrap();
        fixture
    }

    /// Creates a queue and returns its URL.
    async fn queue(&self, name: &str) -> String {
        self.sqs.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
    }

    /// Relays a stream event and returns the sequence number from which the stream must retry, if any.
    async fn relay(&self, routes: &Routes, event: &Value) -> Option<String> {
        let event: StreamEvent = serde_json::from_value(event.clone()).unwrap();
        let relay = Relay::new(self.outbox.clone(), self.sqs.clone(), routes.clone());
        let failures = relay_records(&relay, event).await.batch_item_failures;
        assert!(failures.len() <= 1, "the response names at most one record");
        failures.into_iter().next().and_then(|failure| failure.item_identifier)
    }

    /// The events in the outbox.
    async fn unpublished(&self) -> Vec<OutboxEvent> {
        let mut events = Vec::new();
        for shard in 0..OUTBOX_SHARDS {
            let later = SystemClock.now().saturating_add(std::time::Duration::from_hours(1));
            events.extend(self.outbox.overdue(shard, later, 100).await.unwrap());
        }
        events
    }

    /// Receives all messages of a queue.
    async fn messages(&self, queue: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let receive = self.sqs.receive_message().queue_url(queue).max_number_of_messages(10);
            let received = receive.message_attribute_names("All").send().await.unwrap();
            let page = received.messages.unwrap_or_default();
            if page.is_empty() {
                return messages;
            }
            for message in page {
                let body = serde_json::from_str(message.body().unwrap()).unwrap();
                let attributes = message.message_attributes.unwrap_or_default();
                let attributes =
                    attributes.into_iter().filter_map(|(name, value)| Some((name, value.string_value?)));
                messages.push((body, attributes.collect()));
            }
        }
    }
}

/// Stream records of outbox events, with sequence numbers from 1.
fn records(events: &[OutboxEvent]) -> Value {
    let record = |(position, event): (usize, &OutboxEvent)| {
        let text = |text: &str| json!({ "S": text });
        let attributes: serde_json::Map<String, Value> =
            event.attributes.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let mut record = json!({
            "eventID": position.to_string(),
            "eventName": "INSERT",
            "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_705_937_401.0,
                "Keys": { "pk": text(&event.pk), "sk": text(&event.sk) },
                "NewImage": {
                    "pk": text(&event.pk),
                    "sk": text(&event.sk),
                    "kind": text("outbox-event"),
                    "eventId": text(event.event_id.as_str()),
                    "event": text(&event.event),
                    "body": text(&event.body),
                    "correlationId": text(&event.correlation_id),
                },
                "SequenceNumber": (position + 1).to_string(),
                "SizeBytes": 700,
                "StreamViewType": "NEW_IMAGE",
            },
        });
        if !attributes.is_empty() {
            record["dynamodb"]["NewImage"]["attributes"] = json!({ "M": attributes });
        }
        record
    };
    json!({ "Records": events.iter().enumerate().map(record).collect::<Vec<_>>() })
}
