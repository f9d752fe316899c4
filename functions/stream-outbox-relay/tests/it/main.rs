//! Integration tests of `stream-outbox-relay` on an embedded table and queue service.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod event_log;
mod events;
mod publish;

use std::collections::{BTreeMap, HashMap};

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use serde_json::{Value, json};
use shared::kit::aws::dynamodb::event_log::LoggedEvent;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::queue::relay::{EventRouter, Relay};
use shared::kit::runtime::relay_records;
use test_support::Marketplace;
use test_support::audit::Items;
use test_support::request_recorder::client;
use test_support::test_queue::TestQueue;

/// The function on a marketplace.
struct Fixture {
    marketplace: Marketplace,
}

/// Queue URLs by event name.
#[derive(Debug, Clone, Default)]
struct Routes(HashMap<&'static str, Vec<String>>);

impl EventRouter for Routes {
    fn queues(&self, event: &str) -> Vec<&str> {
        self.0.get(event).map(|queues| queues.iter().map(String::as_str).collect()).unwrap_or_default()
    }
}

impl Fixture {
    async fn open() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        // The tests do not need the events of the marketplace itself.
        marketplace.clear_outbox().await;
        Self { marketplace }
    }

    async fn queue(&self, name: &str) -> TestQueue {
        TestQueue::create(&self.marketplace.table, name).await
    }

    /// Relays a stream event and returns the sequence number from which the stream must retry, if any.
    async fn relay(&self, routes: &Routes, event: &Value) -> Option<String> {
        let event: StreamEvent = serde_json::from_value(event.clone()).unwrap();
        let relay = Relay::new(self.marketplace.outbox(), self.marketplace.table.sqs(), routes.clone());
        let failures = relay_records(&relay, event).await.batch_item_failures;
        assert!(failures.len() <= 1, "the response names at most one record");
        failures.into_iter().next().and_then(|failure| failure.item_identifier)
    }

    /// Ids of all logged events.
    async fn logged(&self) -> Vec<String> {
        let table = &self.marketplace.table;
        let items = Items::of_table(&client(&table.stack().dynamodb_endpoint(), None), &table.name()).await;
        items.of::<LoggedEvent>().map(|event| event.event_id().to_owned()).collect()
    }

    async fn unpublished(&self) -> Vec<OutboxEvent> {
        self.marketplace.unpublished_events().await
    }
}

/// Bodies and attributes of all messages of a queue.
async fn messages(queue: &TestQueue) -> Vec<(Value, BTreeMap<String, String>)> {
    let received = queue.receive_all().await.into_iter();
    received.map(|message| (serde_json::from_str(&message.body).unwrap(), message.attributes)).collect()
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
        if let Some(scope) = &event.scope {
            record["dynamodb"]["NewImage"]["scope"] = text(scope);
        }
        if !attributes.is_empty() {
            record["dynamodb"]["NewImage"]["attributes"] = json!({ "M": attributes });
        }
        record
    };
    json!({ "Records": events.iter().enumerate().map(record).collect::<Vec<_>>() })
}
