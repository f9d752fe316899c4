//! Publishing events of the outbox.

use std::collections::BTreeSet;

use serde_json::json;
use shared::domain::order::OrderEvent;
use shared::kit::command::Envelope;
use shared::kit::system::config::ConfigError;
use shared::messaging::dead_letter::DeadLetter;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::event_routing::{Subscriber, Subscriptions};
use test_support::fixture::{ORDER, dead_letter, new_id, seller};

use super::{Fixture, Routes, messages, records};

#[tokio::test]
async fn published_event_can_be_parsed_by_a_consumer() {
    let fixture = Fixture::open().await;
    let order = fixture.marketplace.order(None).await;
    let queue = fixture.queue("events").await;
    let routes = Routes([("order.created", vec![queue.url.clone()])].into());
    assert_eq!(fixture.relay(&routes, &records(&fixture.unpublished().await)).await, None);
    let (body, _) = messages(&queue).await.remove(0);
    let envelope: Envelope<OrderEvent> = serde_json::from_value(body).unwrap();
    assert_eq!(envelope.event, OrderEvent::Created((&order).into()));
    assert_eq!((envelope.subject, envelope.sequence), (order.id.to_string(), order.version));
}

#[tokio::test]
async fn large_batch_is_published_to_every_subscriber() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(25).await;
    let unpublished = fixture.unpublished().await;
    let (one, other) = (fixture.queue("one").await, fixture.queue("other").await);
    let routes = Routes([("order.created", vec![one.url.clone(), other.url.clone()])].into());
    assert_eq!(fixture.relay(&routes, &records(&unpublished)).await, None);
    assert!(fixture.unpublished().await.is_empty());
    let expected: BTreeSet<String> = unpublished.iter().map(|event| event.event_id.to_string()).collect();
    for queue in [one, other] {
        let messages = messages(&queue).await;
        assert_eq!(messages.len(), 25);
        let ids: BTreeSet<String> =
            messages.iter().map(|(body, _)| body["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn event_without_subscribers_is_removed_from_the_outbox() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(1).await;
    assert_eq!(fixture.relay(&Routes::default(), &records(&fixture.unpublished().await)).await, None);
    assert!(fixture.unpublished().await.is_empty());
}

#[tokio::test]
async fn stream_retries_from_the_first_event_that_failed() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(2).await;
    fixture.marketplace.order(None).await;
    let mut unpublished = fixture.unpublished().await;
    let position = unpublished.iter().position(|event| event.event_id.as_str().contains(ORDER));
    let failed = unpublished.remove(position.unwrap());
    unpublished.insert(
        1,
        shared::kit::aws::dynamodb::write::outbox::OutboxEvent { event: "order.failed".to_owned(), ..failed },
    );
    let queue = fixture.queue("events").await;
    let deleted_queue = format!("{}-that-was-deleted", queue.url);
    let routes =
        Routes([("order.created", vec![queue.url.clone()]), ("order.failed", vec![deleted_queue])].into());
    assert_eq!(fixture.relay(&routes, &records(&unpublished)).await.as_deref(), Some("2"));
    assert_eq!(messages(&queue).await.len(), 2);
    let remaining = fixture.unpublished().await;
    assert_eq!(remaining.len(), 1, "only the failed event remains");
    assert_eq!(remaining[0].event_id, unpublished[1].event_id);
}

#[tokio::test]
async fn event_stays_until_every_subscriber_has_received_it() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(1).await;
    let queue = fixture.queue("events").await;
    let deleted_queue = format!("{}-that-was-deleted", queue.url);
    let routes = Routes([("order.created", vec![queue.url.clone(), deleted_queue])].into());
    let event = records(&fixture.unpublished().await);
    assert_eq!(fixture.relay(&routes, &event).await.as_deref(), Some("1"));
    assert_eq!(fixture.unpublished().await.len(), 1);
    let routes = Routes([("order.created", vec![queue.url])].into());
    assert_eq!(fixture.relay(&routes, &event).await, None);
    assert!(fixture.unpublished().await.is_empty());
}

#[tokio::test]
async fn record_that_is_no_outbox_event_is_ignored() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(1).await;
    let mut event = records(&fixture.unpublished().await);
    let other = json!({
        "eventID": "x",
        "eventName": "INSERT",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_705_937_401.0,
            "NewImage": { "pk": { "S": "user#1" }, "kind": { "S": "user" } },
            "SequenceNumber": "0",
            "SizeBytes": 1,
        },
    });
    event["Records"].as_array_mut().unwrap().insert(0, other);
    let queue = fixture.queue("events").await;
    let routes = Routes([("order.created", vec![queue.url.clone()])].into());
    assert_eq!(fixture.relay(&routes, &event).await, None);
    assert_eq!(messages(&queue).await.len(), 1);
}

#[tokio::test]
async fn environment_names_the_queue_of_every_subscriber() {
    let fixture = Fixture::open().await;
    let env = fixture.marketplace.env("stream-outbox-relay");
    let urls: Vec<String> = Subscriptions::from_env(&env).unwrap().addresses().map(str::to_owned).collect();
    let queue = fixture.marketplace.table.stack().queue_url("FulfilmentQueue").unwrap();
    assert!(urls.contains(&queue), "{urls:?}");
    let missing = Subscriptions::from_env(&shared::kit::system::config::Environment::of([])).unwrap_err();
    assert!(matches!(missing, ConfigError::Missing(_)));
}

#[tokio::test]
async fn redriven_message_is_sent_unchanged_to_its_own_queue() {
    let fixture = Fixture::open().await;
    let body = json!({ "id": "ord_1.1", "anything": "at all" });
    let attributes =
        [("correlationId", "checkout-7f3a"), ("event", "order.created"), ("traceparent", "00-1-2-01")];
    let dead_letter = DeadLetter {
        body: body.to_string(),
        attributes: attributes.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        ..dead_letter(new_id(), Subscriber::Fulfilment)
    };
    let (id, mut expected) = (dead_letter.id, dead_letter.attributes.clone());
    expected.insert("redriveOf".to_owned(), format!("{id}.2"));
    fixture.marketplace.run(RecordDeadLetter { dead_letter, redriven_from: None }).await;
    fixture.marketplace.run(RedriveDeadLetter { id, by: seller().user }).await;

    let (own, other) = (fixture.queue("own").await, fixture.queue("other").await);
    let queues = [(Subscriber::Fulfilment, &own), (Subscriber::Analytics, &other)];
    let routes = queues.map(|(subscriber, queue)| (subscriber.redrive(), vec![queue.url.clone()]));
    assert_eq!(fixture.relay(&Routes(routes.into()), &records(&fixture.unpublished().await)).await, None);
    assert_eq!(messages(&own).await, [(body, expected)]);
    assert!(messages(&other).await.is_empty());
    assert!(fixture.unpublished().await.is_empty());
}

#[tokio::test]
async fn rejected_event_does_not_stop_those_behind_it() {
    let fixture = Fixture::open().await;
    fixture.marketplace.place_orders(12).await;
    let mut unpublished = fixture.unpublished().await;
    unpublished[0].body = "x".repeat(300_000);
    let queue = fixture.queue("events").await;
    let routes = Routes([("order.created", vec![queue.url.clone()])].into());
    assert_eq!(fixture.relay(&routes, &records(&unpublished)).await, None);
    assert_eq!(messages(&queue).await.len(), 11);
    let remaining = fixture.unpublished().await;
    assert_eq!(remaining.len(), 1, "the sweeper finds the rejected event in the outbox");
    assert_eq!(remaining[0].event_id, unpublished[0].event_id);
}
