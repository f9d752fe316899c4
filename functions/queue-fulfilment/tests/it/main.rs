//! Integration tests of `queue-fulfilment`: SQS batches handled on an embedded table, with the payment
//! sandbox or a scripted gateway.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod buyer_action;
mod close_markets;
mod deleted_entities;
mod erase_addresses;
mod events;
mod orders;
mod outage;
mod refunds_at_gateway;
mod scripted_gateway;

use queue_fulfilment::Fulfilment;
use serde_json::{Value, json};
use shared::domain::order::cancel::CancelOrder;
use shared::kit::queue::consumer::BatchHandler;
use shared::payment_gateway::{PaymentGateway, StripeGateway};
use test_support::fixture::{BUYER, MARKET, Marketplace, ORDER, SELLER, buyer, id};
use test_support::lambda_event::sqs_record;
use test_support::queue_function::{self, BatchResult};

/// The function on a marketplace.
struct Fixture {
    marketplace: Marketplace,
}

impl Fixture {
    async fn open() -> Self {
        Self { marketplace: Marketplace::with_sample_data().await }
    }

    /// Handler with this payment gateway.
    fn handler(&self, gateway: impl PaymentGateway) -> impl BatchHandler {
        let env = self.marketplace.env("queue-fulfilment");
        let (store, reader) = (self.marketplace.store.clone(), self.marketplace.reader.clone());
        Fulfilment::new(&env, store, reader, gateway).unwrap().into_handler()
    }

    /// Handles a batch with the payment sandbox.
    async fn handle(&self, event: &Value) -> BatchResult {
        let sandbox = StripeGateway::from_env(&self.marketplace.env("queue-fulfilment")).unwrap();
        queue_function::handle(&self.handler(sandbox), event).await
    }

    /// The status of [`ORDER`] in JSON.
    async fn status(&self) -> String {
        json!(self.marketplace.stored_order(id(ORDER)).await.status).as_str().unwrap().to_owned()
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

/// Message that an order was created, with this message id and receive count.
fn message(message_id: &str, order: &str, count: u32) -> Value {
    let total = json!({ "amount": 3_998, "currency": "EUR" });
    let data =
        json!({ "orderId": order, "marketId": MARKET, "buyerId": BUYER, "sellerId": SELLER, "total": total });
    let mut record = sqs_record("fulfilment", "order.created", order, &data);
    record["messageId"] = json!(message_id);
    record["receiptHandle"] = json!(format!("handle of {message_id}"));
    record["attributes"]["ApproximateReceiveCount"] = json!(count.to_string());
    record
}

/// Batch of one message: [`ORDER`] was created.
fn created() -> Value {
    json!({ "Records": [message("m1", ORDER, 1)] })
}
