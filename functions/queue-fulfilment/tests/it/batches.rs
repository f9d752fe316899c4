//! What a batch owes its neighbours, its deadline and its table.

use std::time::Duration;

use serde_json::json;
use shared::domain::product::{Product, Stock};
use shared::kit::command::{Change, Command, ReadSet};
use shared::kit::system::clock::{Clock, SystemClock, Timestamp};
use shared::payment_gateway::GatewayError;
use test_support::fixture::{ORDER, PRODUCT, id, new_id};

use super::{Fixture, created, message};
use crate::scripted_gateway::{ScriptedAnswer, ScriptedGateway};

#[tokio::test]
async fn a_message_that_does_not_read_is_buried_and_its_neighbours_are_done() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let mut broken = message("broken", ORDER, 1);
    broken["body"] = json!("{\"id\": \"hunter2\"");
    let mut unknown = message("unknown", ORDER, 1);
    let body = unknown["body"].as_str().unwrap().replace("order.created", "order.eaten");
    unknown["body"] = json!(body);
    let ended = saga.handle(&json!({ "Records": [broken, message("m1", ORDER, 1), unknown] })).await;
    assert!(ended.failures.is_empty(), "{ended:?}");
    let buried: Vec<&str> = ended.asked.buried.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(buried, ["broken", "unknown"]);
    for (_, reason) in &ended.asked.buried {
        assert!(reason.starts_with("the message does not read: "), "{reason}");
        assert!(!reason.contains("hunter2"), "a reason never quotes the message");
    }
    assert_eq!(saga.status().await, "confirmed");
}

#[tokio::test]
async fn a_panic_fails_its_own_message_and_no_other() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let waiting = saga.scene.order_of(new_id(), id(PRODUCT), 1, None).await.id;
    let records = [message("m1", ORDER, 1), message("m2", &waiting.to_string(), 1)];
    let deadline = SystemClock.now().saturating_add(Duration::from_secs(28));
    let ended = saga
        .handle_with(ScriptedGateway::to([ScriptedAnswer::Panic]), &json!({ "Records": records }), deadline)
        .await;
    assert_eq!(ended.failures, ["m1"]);
    assert!(ended.asked.buried.is_empty());
    assert_eq!(json!(saga.order(waiting).await.status), "awaiting_payment");
    assert_eq!(saga.status().await, "awaiting_payment");
}

#[tokio::test]
async fn what_cannot_be_finished_in_time_is_handed_back_at_once_and_untouched() {
    let saga = Fixture::open().await;
    let placed = saga.scene.order(Some("pm_card_visa")).await;
    let deadline = SystemClock.now().saturating_add(Duration::from_secs(20));
    let ended = saga.handle_with(ScriptedGateway::to([ScriptedAnswer::Capture]), &created(), deadline).await;
    assert_eq!(ended.failures, ["m1"]);
    assert_eq!(ended.asked.delayed, [("handle of m1".to_owned(), Duration::ZERO)]);
    assert_eq!(saga.order(id(ORDER)).await, placed);
}

#[tokio::test]
async fn an_order_whose_stock_does_not_add_up_is_for_a_person_to_look_at() {
    let saga = Fixture::open().await;
    saga.scene.order(Some("pm_card_visa")).await;
    let gateway =
        ScriptedGateway::to([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Decline]);
    saga.handle_told(&gateway).await;
    // Somebody empties the stock by hand, so that what the order holds of it cannot be given back.
    saga.scene.run(EmptyStock).await;
    let ended = saga.handle_told(&gateway).await;
    assert!(ended.failures.is_empty(), "{ended:?}");
    let reason = "the stock of a product does not add up".to_owned();
    assert_eq!(ended.asked.buried, [("m1".to_owned(), reason)]);
}

/// Takes a product's stock away, by hand.
struct EmptyStock;

impl Command for EmptyStock {
    type State = ();
    type Output = ();
    type Error = std::convert::Infallible;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), Self::Error>, Self::Error> {
        let product = id::<Product>(PRODUCT);
        let empty = Stock::default();
        Ok(Change::of(()).overwrite(&product, &empty))
    }
}

#[tokio::test]
async fn an_empty_batch_is_done() {
    let saga = Fixture::open().await;
    assert!(saga.handle(&json!({ "Records": [] })).await.is_done());
}
