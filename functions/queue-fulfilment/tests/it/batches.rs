//! Batches: isolation of messages that fail, deadline, inconsistent stock.

use std::time::Duration;

use serde_json::json;
use shared::domain::order::Order;
use shared::domain::product::{Product, Stock};
use shared::kit::command::Change;
use shared::kit::resilience::pacing::{Schedule, SlotRequest};
use shared::kit::system::clock::{Clock, SystemClock};
use shared::payment_gateway::GatewayError;
use test_support::fixture::{ORDER, PRODUCT, id, new_id};
use test_support::lambda_event::set_call_slot;
use test_support::queue_function::{handle, handle_until};

use super::{Fixture, created, message};
use crate::scripted_gateway::{ScriptedAnswer, ScriptedGateway};

#[tokio::test]
async fn unreadable_messages_are_dead_lettered_and_the_rest_handled() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let mut broken = message("broken", ORDER, 1);
    broken["body"] = json!("{\"id\": \"hunter2\"");
    let mut unknown = message("unknown", ORDER, 1);
    let body = unknown["body"].as_str().unwrap().replace("order.created", "order.eaten");
    unknown["body"] = json!(body);
    let result = fixture.handle(&json!({ "Records": [broken, message("m1", ORDER, 1), unknown] })).await;
    assert!(result.failures.is_empty(), "{result:?}");
    let dead_lettered: Vec<&str> = result.calls.dead_lettered.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(dead_lettered, ["broken", "unknown"]);
    for (_, reason) in &result.calls.dead_lettered {
        assert!(reason.starts_with("the message cannot be parsed: "), "{reason}");
        assert!(!reason.contains("hunter2"), "the reason does not quote the message");
    }
    assert_eq!(fixture.status().await, "confirmed");
}

#[tokio::test]
async fn panic_fails_only_its_own_message() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let waiting = fixture.marketplace.order_of(new_id(), id(PRODUCT), 1, None).await.id;
    let records = [message("m1", ORDER, 1), message("m2", &waiting.to_string(), 1)];
    let handler = fixture.handler(ScriptedGateway::new([ScriptedAnswer::Panic]));
    let result = handle(&handler, &json!({ "Records": records })).await;
    assert_eq!(result.failures, ["m1"]);
    assert!(result.calls.dead_lettered.is_empty());
    assert_eq!(json!(fixture.marketplace.stored_order(waiting).await.status), "awaiting_payment");
    assert_eq!(fixture.status().await, "awaiting_payment");
}

#[tokio::test]
async fn message_without_enough_time_is_returned_unprocessed() {
    let fixture = Fixture::open().await;
    let placed = fixture.marketplace.order(Some("pm_card_visa")).await;
    let deadline = SystemClock.now().saturating_add(Duration::from_secs(20));
    let handler = fixture.handler(ScriptedGateway::new([ScriptedAnswer::Capture]));
    let result = handle_until(&handler, &created(), deadline).await;
    assert_eq!((result.retried(), result.retry_delay()), (vec!["m1"], Duration::ZERO));
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await, placed);
}

#[tokio::test]
async fn order_with_inconsistent_stock_is_dead_lettered() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    let gateway =
        ScriptedGateway::new([ScriptedAnswer::Fail(GatewayError::Unavailable), ScriptedAnswer::Decline]);
    fixture.handle_scripted(&gateway).await;
    // An operator empties the stock, so that the order's reservation cannot be released.
    let product = id::<Product>(PRODUCT);
    fixture.marketplace.write(|_| Change::of(()).overwrite(&product, &Stock::default())).await;
    let result = fixture.handle_scripted(&gateway).await;
    assert!(result.failures.is_empty(), "{result:?}");
    let reason = "the stock of a product does not contain the units of the order".to_owned();
    assert_eq!(result.calls.dead_lettered, [("m1".to_owned(), reason)]);
}

#[tokio::test]
async fn message_of_a_damaged_order_is_dead_lettered_at_once() {
    let fixture = Fixture::open().await;
    fixture.marketplace.order(Some("pm_card_visa")).await;
    fixture.marketplace.damage::<Order>(&id(ORDER)).await;
    let result = fixture.handle(&created()).await;
    let reason = "the stored order cannot be parsed".to_owned();
    assert_eq!(result.calls.dead_lettered, [("m1".to_owned(), reason)]);
    assert_eq!(fixture.money(), (0, 0));
}

#[tokio::test]
async fn empty_batch_succeeds() {
    let fixture = Fixture::open().await;
    assert!(fixture.handle(&json!({ "Records": [] })).await.is_success());
}

#[tokio::test]
async fn order_waits_in_the_queue_for_its_turn() {
    let fixture = Fixture::open().await;
    let placed = fixture.marketplace.order(Some("pm_card_visa")).await;
    // Other instances have taken the slots of the next hour.
    let (schedule, now) = (&fixture.marketplace.store, SystemClock.now());
    let hour = SlotRequest { length: Duration::from_hours(1), now, known_end: None };
    schedule.take("payment-gateway", hour).await.unwrap();
    let handler = fixture.handler(ScriptedGateway::new([ScriptedAnswer::Capture]));
    let result = handle(&handler, &created()).await;
    let [(deferred, after)] = &result.calls.deferred[..] else { panic!("{result:?}") };
    assert!(*after > Duration::from_mins(59), "{after:?}");
    assert_eq!(fixture.marketplace.stored_order(id(ORDER)).await, placed, "no call is recorded");

    assert!(deferred.call_slot() > Some(now.saturating_add(Duration::from_mins(59))));
    // It is delivered again in its slot.
    let mut returned = created();
    set_call_slot(&mut returned, SystemClock.now());
    assert!(handle(&handler, &returned).await.is_success());
    assert_eq!(fixture.status().await, "confirmed");
}
