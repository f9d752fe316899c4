//! The order saga behind its queue: batches of SQS, handled on an embedded table, against the payment sandbox or a
//! gateway that does as it is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod events;
mod orders;
mod outage;
mod scripted_gateway;

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use queue_fulfilment::Fulfilment;
use serde_json::{Value, json};
use shared::domain::order::cancel::CancelOrder;
use shared::domain::order::{Order, OrderId};
use shared::domain::product::Stock;
use shared::kit::queue::consumer::{Delivery, consume};
use shared::kit::system::clock::{Clock, SystemClock, SystemEntropy, Timestamp};
use shared::payment_gateway::{PaymentGateway, StripeGateway};
use shared::repository::order::OrderReader;
use shared::repository::product::ProductReader;
use test_support::fixture::{BUYER, MARKET, Marketplace, ORDER, PRODUCT, buyer, id};
use test_support::recording_queue::{RecordedCalls, RecordingQueue};

/// The function on a table with a market and its product.
struct Fixture {
    scene: Marketplace,
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    /// The ids of the messages that come back.
    failures: Vec<String>,
    asked: RecordedCalls,
}

impl Ended {
    /// Whether every message is done with.
    fn is_done(&self) -> bool {
        self.failures.is_empty() && self.asked == RecordedCalls::default()
    }
}

impl Fixture {
    async fn open() -> Self {
        Self { scene: Marketplace::open().await }
    }

    /// The payment sandbox, as the function speaks to it.
    fn sandbox(&self) -> StripeGateway {
        StripeGateway::from_env(&self.scene.env("queue-fulfilment")).unwrap()
    }

    /// Handles a batch with the payment sandbox and time to spare.
    async fn handle(&self, event: &Value) -> Ended {
        self.handle_with(self.sandbox(), event, SystemClock.now().saturating_add(Duration::from_secs(28)))
            .await
    }

    /// Handles a batch.
    async fn handle_with(&self, gateway: impl PaymentGateway, event: &Value, deadline: Timestamp) -> Ended {
        let env = self.scene.env("queue-fulfilment");
        let handler = Fulfilment::new(&env, self.scene.store.clone(), gateway).unwrap().into_handler();
        let (queue, batch) = (RecordingQueue::default(), deliveries(event));
        let chance = (&SystemClock, &SystemEntropy);
        let response = Box::pin(consume(&handler, &queue, batch, deadline, chance)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        Ended { failures: failures.collect(), asked: queue.asked() }
    }

    async fn order(&self, id: OrderId) -> Order {
        self.scene.reader.order(id).await.unwrap().unwrap()
    }

    /// The status of [`ORDER`], as it is written.
    async fn status(&self) -> String {
        json!(self.order(id(ORDER)).await.status).as_str().unwrap().to_owned()
    }

    async fn stock(&self) -> Stock {
        self.scene.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }

    /// What the gateway holds of [`ORDER`]'s money: the number of captures, and what was not given back.
    fn money(&self) -> (usize, i64) {
        let ledger = self.scene.table.stack().payments().ledger();
        (ledger.captures_of(ORDER).len(), ledger.net(ORDER))
    }

    /// The buyer cancels [`ORDER`].
    async fn cancel(&self) {
        self.scene.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    }
}

/// The deliveries of an event.
fn deliveries(event: &Value) -> Vec<Delivery> {
    let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
    event.records.into_iter().map(Delivery::from).collect()
}

/// The message with this id that says that an order was placed, delivered for the `count`th time.
fn message(message_id: &str, order: &str, count: u32) -> Value {
    let body = json!({
        "id": format!("{order}.1"),
        "schema": 1,
        "subject": order,
        "sequence": 1,
        "occurredAt": "2027-01-15T08:00:00.000Z",
        "correlationId": "a-test",
        "type": "order.created",
        "data": {
            "orderId": order,
            "marketId": MARKET,
            "buyerId": BUYER,
            "total": { "amount": 3_998, "currency": "EUR" },
        },
    });
    json!({
        "messageId": message_id,
        "receiptHandle": format!("handle of {message_id}"),
        "body": body.to_string(),
        "attributes": { "ApproximateReceiveCount": count.to_string() },
        "messageAttributes": {},
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:fulfilment",
    })
}

/// A batch of the one message that [`ORDER`] was placed.
fn created() -> Value {
    json!({ "Records": [message("m1", ORDER, 1)] })
}

fn stock(available: i64, reserved: i64, sold: i64) -> Stock {
    Stock { available, reserved, sold }
}
