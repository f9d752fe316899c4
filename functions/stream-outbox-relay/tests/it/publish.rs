//! Publishing.

use std::collections::BTreeSet;

use serde_json::json;
use shared::domain::order::OrderEvent;
use shared::kit::command::{Envelope, Version};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::kit::system::config::ConfigError;
use shared::messaging::dead_letter::record::RecordDeadLetter;
use shared::messaging::dead_letter::redrive::RedriveDeadLetter;
use shared::messaging::dead_letter::{DeadLetter, DeadLetterStatus};
use shared::messaging::event_routing::Subscriber;
use shared::messaging::event_routing::Subscriptions;
use test_support::fixture::{PRODUCT, id, new_id, seller};

use super::{Fixture, Heard, records};

impl Fixture {
    /// Places `count` orders.
    async fn placed(&self, count: usize) {
        for _ in 0..count {
            self.scene.order_of(new_id(), id(PRODUCT), 1, None).await;
        }
    }
}

#[tokio::test]
async fn a_consumer_reads_what_a_command_announced() {
    let site = Fixture::open().await;
    let order = site.scene.order(None).await;
    let queue = site.queue("heard").await;
    let heard = Heard([("order.created", vec![queue.clone()])].into());
    assert_eq!(site.relay(&heard, &records(&site.waiting().await)).await, None);
    let (body, _) = site.messages(&queue).await.remove(0);
    let envelope: Envelope<OrderEvent> = serde_json::from_value(body).unwrap();
    assert_eq!(envelope.event, OrderEvent::Created((&order).into()));
    assert_eq!((envelope.subject, envelope.sequence), (order.id.to_string(), order.version));
}

#[tokio::test]
async fn a_batch_larger_than_sqs_takes_is_published_whole_to_every_subscriber() {
    let site = Fixture::open().await;
    site.placed(25).await;
    let waiting = site.waiting().await;
    let (one, other) = (site.queue("one").await, site.queue("other").await);
    let heard = Heard([("order.created", vec![one.clone(), other.clone()])].into());
    assert_eq!(site.relay(&heard, &records(&waiting)).await, None);
    assert!(site.waiting().await.is_empty());
    let expected: BTreeSet<String> = waiting.iter().map(|event| event.event_id.to_string()).collect();
    for queue in [one, other] {
        let messages = site.messages(&queue).await;
        assert_eq!(messages.len(), 25);
        let ids: BTreeSet<String> =
            messages.iter().map(|(body, _)| body["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn what_nobody_hears_any_more_leaves_the_outbox() {
    let site = Fixture::open().await;
    site.placed(1).await;
    assert_eq!(site.relay(&Heard::default(), &records(&site.waiting().await)).await, None);
    assert!(site.waiting().await.is_empty());
}

#[tokio::test]
async fn the_stream_goes_on_from_the_first_event_that_a_queue_did_not_take() {
    let site = Fixture::open().await;
    site.placed(2).await;
    site.scene.order(None).await;
    let mut waiting = site.waiting().await;
    let position =
        waiting.iter().position(|event| event.event_id.as_str().contains(test_support::fixture::ORDER));
    let lost = waiting.remove(position.unwrap());
    waiting.insert(
        1,
        shared::kit::aws::dynamodb::write::outbox::OutboxEvent { event: "order.lost".to_owned(), ..lost },
    );
    let queue = site.queue("heard").await;
    let gone = format!("{queue}-that-was-deleted");
    let heard = Heard([("order.created", vec![queue.clone()]), ("order.lost", vec![gone])].into());
    assert_eq!(site.relay(&heard, &records(&waiting)).await.as_deref(), Some("2"));
    assert_eq!(site.messages(&queue).await.len(), 2);
    let left = site.waiting().await;
    assert_eq!(left.len(), 1, "what was published is gone, what was not is not");
    assert_eq!(left[0].event_id, waiting[1].event_id);
}

#[tokio::test]
async fn an_event_stays_until_every_subscriber_has_taken_it() {
    let site = Fixture::open().await;
    site.placed(1).await;
    let queue = site.queue("heard").await;
    let gone = format!("{queue}-that-was-deleted");
    let heard = Heard([("order.created", vec![queue.clone(), gone])].into());
    let event = records(&site.waiting().await);
    assert_eq!(site.relay(&heard, &event).await.as_deref(), Some("1"));
    assert_eq!(site.waiting().await.len(), 1);
    let heard = Heard([("order.created", vec![queue])].into());
    assert_eq!(site.relay(&heard, &event).await, None);
    assert!(site.waiting().await.is_empty());
}

#[tokio::test]
async fn a_record_that_is_no_event_of_the_outbox_holds_nobody_up() {
    let site = Fixture::open().await;
    site.placed(1).await;
    let mut event = records(&site.waiting().await);
    let stranger = json!({
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
    event["Records"].as_array_mut().unwrap().insert(0, stranger);
    let queue = site.queue("heard").await;
    let heard = Heard([("order.created", vec![queue.clone()])].into());
    assert_eq!(site.relay(&heard, &event).await, None);
    assert_eq!(site.messages(&queue).await.len(), 1);
}

#[tokio::test]
async fn the_function_knows_the_queue_of_every_subscriber() {
    let site = Fixture::open().await;
    let env = site.scene.env("stream-outbox-relay");
    let known: Vec<String> = Subscriptions::from_env(&env).unwrap().addresses().map(str::to_owned).collect();
    let queue = site.scene.table.stack().queue_url("FulfilmentQueue").unwrap();
    assert!(known.contains(&queue), "{known:?}");
    let missing = Subscriptions::from_env(&shared::kit::system::config::Environment::of([])).unwrap_err();
    assert!(matches!(missing, ConfigError::Missing(_)));
}

#[tokio::test]
async fn a_message_that_is_redriven_is_sent_as_it_was_to_the_one_queue_that_it_died_in() {
    let site = Fixture::open().await;
    let (now, body) = (SystemClock.now(), json!({ "id": "ord_1.1", "anything": "at all" }));
    let beside =
        [("correlationId", "checkout-7f3a"), ("event", "order.created"), ("traceparent", "00-1-2-01")];
    let letter = DeadLetter {
        id: new_id(),
        version: Version::FIRST,
        queue: Subscriber::Fulfilment,
        status: DeadLetterStatus::Dead,
        message_id: "m1".to_owned(),
        body: body.to_string(),
        attributes: beside.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        reason: "the message does not read".to_owned(),
        attempts: 5,
        sent_at: None,
        redrives: Vec::new(),
        removed: None,
        created_at: now,
        updated_at: now,
    };
    let (id, mut expected) = (letter.id, letter.attributes.clone());
    expected.insert("redriveOf".to_owned(), format!("{id}.2"));
    site.scene.run(RecordDeadLetter { letter, redriven_from: None }).await;
    site.scene.run(RedriveDeadLetter { id, by: seller().user }).await;

    let (own, other) = (site.queue("own").await, site.queue("other").await);
    let queues = [(Subscriber::Fulfilment, &own), (Subscriber::Analytics, &other)];
    let heard = queues.map(|(subscriber, queue)| (subscriber.redrive(), vec![queue.clone()]));
    assert_eq!(site.relay(&Heard(heard.into()), &records(&site.waiting().await)).await, None);
    assert_eq!(site.messages(&own).await, [(body, expected)]);
    assert!(site.messages(&other).await.is_empty());
    assert!(site.waiting().await.is_empty());
}
