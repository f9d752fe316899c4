//! Integration tests of `queue-fulfilment`: SQS batches handled on an embedded table, with the payment
//! sandbox or a scripted gateway.

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
use shared::repository::product::ProductReader;
use test_support::fixture::{BUYER, MARKET, Marketplace, ORDER, PRODUCT, buyer, id};
use test_support::recording_queue::{RecordedCalls, RecordingQueue};

/// The function on a marketplace.
struct Fixture {
    marketplace: Marketplace,
}

/// Result of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BatchResult {
    /// The ids of the failed messages.
    failures: Vec<String>,
    calls: RecordedCalls,
}

impl BatchResult {
    /// Returns true if every message succeeded.
    fn is_success(&self) -> bool {
        self.failures.is_empty() && self.calls == RecordedCalls::default()
    }
}

impl Fixture {
    async fn open() -> Self {
        Self { marketplace: Marketplace::with_sample_data().await }
    }

    /// Gateway client of the payment sandbox.
    fn sandbox(&self) -> StripeGateway {
        StripeGateway::from_env(&self.marketplace.env("queue-fulfilment")).unwrap()
    }

    /// Handles a batch with the payment sandbox and a distant deadline.
    async fn handle(&self, event: &Value) -> BatchResult {
        self.handle_with(self.sandbox(), event, SystemClock.now().saturating_add(Duration::from_secs(28)))
            .await
    }

    /// Handles a batch.
    async fn handle_with(
        &self,
        gateway: impl PaymentGateway,
        event: &Value,
        deadline: Timestamp,
    ) -> BatchResult {
        let env = self.marketplace.env("queue-fulfilment");
        let handler = Fulfilment::new(&env, self.marketplace.store.clone(), gateway).unwrap().into_handler();
        let (queue, batch) = (RecordingQueue::default(), deliveries(event));
        let response =
            Box::pin(consume(&handler, &queue, batch, deadline, &SystemClock, &SystemEntropy)).await;
        let failures = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        BatchResult { failures: failures.collect(), calls: queue.calls() }
    }

    async fn order(&self, id: OrderId) -> Order {
        self.marketplace.reader.order(id).await.unwrap().unwrap()
    }

    /// The status of [`ORDER`] in JSON.
    async fn status(&self) -> String {
        json!(self.order(id(ORDER)).await.status).as_str().unwrap().to_owned()
    }

    async fn stock(&self) -> Stock {
        self.marketplace.reader.product(id(PRODUCT)).await.unwrap().unwrap().stock
    }

    /// The number of captures of [`ORDER`] at the gateway, and the captured amount less refunds.
    fn money(&self) -> (usize, i64) {
        let ledger = self.marketplace.table.stack().payments().ledger();
        (ledger.captures_of(ORDER).len(), ledger.net(ORDER))
    }

    /// Cancels [`ORDER`] as the buyer.
    async fn cancel(&self) {
        self.marketplace.run(CancelOrder { id: id(ORDER), by: buyer(), reason: None }).await;
    }
}

/// The deliveries of an event.
fn deliveries(event: &Value) -> Vec<Delivery> {
    let event: SqsEvent = serde_json::from_value(event.clone()).unwrap();
    event.records.into_iter().map(Delivery::from).collect()
}

/// Message that an order was created, with this message id and receive count.
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

/// Batch of one message: [`ORDER`] was created.
fn created() -> Value {
    json!({ "Records": [message("m1", ORDER, 1)] })
}

fn stock(available: i64, reserved: i64, sold: i64) -> Stock {
    Stock { available, reserved, sold }
}
