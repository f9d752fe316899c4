//! Every event in `events/stream-outbox-relay/`.

use serde_json::Value;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::place::{OrderItem, PlaceOrder};
use shared::domain::values::money::Quantity;
use shared::kit::aws::dynamodb::write::outbox::OutboxEvent;
use shared::kit::command::{CommandContext, CorrelationId, Store};
use shared::kit::system::clock::Timestamp;
use test_support::fixture::{ORDER, PRODUCT, buyer, id};
use test_support::lambda_event::{cases, of_file};

use super::{Fixture, Heard, records};

/// Does what the event tells of, at its time.
async fn happen(site: &Fixture, case: &str) {
    let at: Timestamp = serde_json::from_str("\"2024-01-22T15:30:00.120Z\"").unwrap();
    let because = CommandContext::new(CorrelationId::try_from("checkout-7f3a".to_owned()).unwrap(), at);
    let quantity = Quantity::try_from(2).unwrap();
    let items = vec![OrderItem { product_id: id(PRODUCT), quantity, expected_price: None }];
    let place = PlaceOrder { id: id(ORDER), by: buyer(), items, payment_method: None };
    site.scene.store.execute(place, &because).await.unwrap();
    if case == "order-cancelled" {
        site.outbox.remove(site.waiting().await.iter().map(OutboxEvent::key).collect()).await.unwrap();
        let cancel = CancelOrder { id: id(ORDER), by: buyer(), reason: None };
        site.scene.store.execute(cancel, &because).await.unwrap();
    }
}

/// The item that the event's only record shows, its body read as the JSON that it is.
fn image(event: &Value) -> Value {
    let mut image = event["Records"][0]["dynamodb"]["NewImage"].clone();
    image["body"] = serde_json::from_str(image["body"]["S"].as_str().unwrap()).unwrap();
    image
}

#[tokio::test]
async fn every_event_is_published_and_removed_and_is_what_a_commit_stores() {
    for (case, name) in [("order-cancelled", "order.cancelled"), ("order-created", "order.created")] {
        let site = Fixture::open().await;
        happen(&site, case).await;
        let event = of_file("stream-outbox-relay", case);
        let stored = records(&site.waiting().await);
        assert_eq!(image(&event), image(&stored), "{case}");

        let queue = site.queue("heard").await;
        let heard = Heard([(name, vec![queue.clone()])].into());
        assert_eq!(site.relay(&heard, &event).await, None, "{case}");
        assert!(site.waiting().await.is_empty(), "{case}");
        let messages = site.messages(&queue).await;
        let body = image(&event)["body"].clone();
        let beside = [("correlationId", "checkout-7f3a"), ("event", name)];
        let beside = beside.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(messages, [(body, beside.into())], "{case}");
    }
    assert_eq!(cases("stream-outbox-relay"), ["order-cancelled", "order-created"], "an event is not relayed");
}
