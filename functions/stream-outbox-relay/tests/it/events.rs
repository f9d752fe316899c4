//! Every event in `events/stream-outbox-relay/`.

use serde_json::Value;
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::lines::cart::{Cart, CartItem};
use shared::domain::order::place::PlaceOrder;
use shared::domain::values::money::Quantity;
use shared::kit::command::{CommandContext, CorrelationId, Store};
use shared::kit::system::clock::Timestamp;
use test_support::fixture::{MARKET, ORDER, PRODUCT, buyer, id};
use test_support::lambda_event::{assert_all_cases, event_from_file};

use super::{Fixture, Routes, messages, records};

/// Executes the command that causes the event, at the time of the event.
async fn cause_event(fixture: &Fixture, case: &str) {
    let at: Timestamp = serde_json::from_str("\"2024-01-22T15:30:00.120Z\"").unwrap();
    let context = CommandContext::new(CorrelationId::try_from("checkout-7f3a".to_owned()).unwrap(), at);
    let quantity = Quantity::try_from(2).unwrap();
    let items = vec![CartItem { product_id: id(PRODUCT), quantity, expected_price: None }];
    let place = PlaceOrder::new(id(ORDER), buyer(), Cart::new(Some(id(MARKET)), items), None);
    fixture.marketplace.store.execute(place, &context).await.unwrap();
    if case == "order-cancelled" {
        fixture.marketplace.clear_outbox().await;
        let cancel = CancelOrder { id: id(ORDER), by: buyer(), reason: None };
        fixture.marketplace.store.execute(cancel, &context).await.unwrap();
    }
}

/// The item of the event's only record, with its body parsed as JSON.
fn image(event: &Value) -> Value {
    let mut image = event["Records"][0]["dynamodb"]["NewImage"].clone();
    image["body"] = serde_json::from_str(image["body"]["S"].as_str().unwrap()).unwrap();
    image
}

#[tokio::test]
async fn every_event_is_published_removed_and_as_stored() {
    for (case, name) in [("order-cancelled", "order.cancelled"), ("order-created", "order.created")] {
        let fixture = Fixture::open().await;
        cause_event(&fixture, case).await;
        let event = event_from_file("stream-outbox-relay", case);
        let stored = records(&fixture.unpublished().await);
        assert_eq!(image(&event), image(&stored), "{case}");

        let queue = fixture.queue("events").await;
        let routes = Routes([(name, vec![queue.url.clone()])].into());
        assert_eq!(fixture.relay(&routes, &event).await, None, "{case}");
        assert!(fixture.unpublished().await.is_empty(), "{case}");
        let messages = messages(&queue).await;
        let body = image(&event)["body"].clone();
        let attributes = [("correlationId", "checkout-7f3a"), ("event", name)];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(messages, [(body, attributes.into())], "{case}");
    }
    assert_all_cases("stream-outbox-relay", ["order-cancelled", "order-created"]);
}
