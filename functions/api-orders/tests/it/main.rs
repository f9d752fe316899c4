//! Tests of the HTTP API of orders: API Gateway events are sent through the router to an embedded table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cancel;
mod events;
mod get;
mod http_conventions;
mod list;
mod list_fields;
mod place;
mod quote;
mod refund;
mod ship_deliver;
mod timeline;

use api_orders::OrderConfig;
use serde_json::{Value, json};
use shared::api::CommandState;
use shared::domain::ledger::commission::CommissionTerms;
use shared::domain::order::fulfilment::advance::FulfilmentTransition;
use shared::domain::order::fulfilment::record_capture::RecordCapture;
use shared::domain::order::payment::{Capture, GatewayId};
use shared::domain::values::actor::Actor;
use shared::kit::aws::dynamodb::DynamoReader;
use shared::kit::command::Store;
use shared::kit::system::clock::{Clock, SystemClock};
use test_support::api_function::ApiFunction;
use test_support::capacity_meter::CapacityMeter;
use test_support::fixture::{Marketplace, ORDER, PRODUCT, cents, id, test_context};
use test_support::lambda_event::RouterResponse;

/// Number of days for which addresses are stored.
const RETENTION_DAYS: u16 = 400;

/// The function on a marketplace.
struct Orders {
    marketplace: Marketplace,
    api: ApiFunction,
    /// Meter of the reads of the function.
    meter: CapacityMeter,
}

impl Orders {
    /// Creates a table with the sample users, market and product.
    async fn new() -> Self {
        let marketplace = Marketplace::with_sample_data().await;
        let env = marketplace.env("api-orders");
        let meter = CapacityMeter::default();
        let reader = DynamoReader::new(meter.on(&marketplace.table));
        let app = CommandState::new(&env, marketplace.store.clone(), reader).unwrap();
        let config =
            OrderConfig { address_retention_days: RETENTION_DAYS, commission: CommissionTerms::NONE };
        let router = api_orders::router(app, config);
        Self { api: ApiFunction::new(&marketplace, router), marketplace, meter }
    }

    /// Creates a table with a paid order of two mugs.
    async fn confirmed() -> Self {
        let orders = Self::new().await;
        orders.marketplace.order(Some("pm_card_visa")).await;
        orders.marketplace.advance(FulfilmentTransition::Reserve).await;
        orders.marketplace.advance(FulfilmentTransition::Captured(capture("pi_1", 3_998))).await;
        orders
    }

    /// Places an order with an idempotency key.
    async fn place(&self, by: Actor, key: &str, body: &Value) -> RouterResponse {
        self.api.post("/v1/orders").by(by).key(key).json(body).await
    }

    /// Executes an action of `by` on the order, with the idempotency key `k`.
    async fn act(&self, by: Actor, action: &str, body: &Value) -> RouterResponse {
        self.api.post(&format!("/v1/orders/{ORDER}/{action}")).by(by).key("k").json(body).await
    }

    /// Records a capture reported by the gateway. A capture that is already recorded is ignored.
    async fn receive(&self, capture: Capture) {
        let command = RecordCapture { order_id: id(ORDER), capture };
        let _ = self.marketplace.store.execute(command, &test_context(SystemClock.now())).await;
    }
}

fn capture(gateway_id: &str, amount: i64) -> Capture {
    Capture { gateway_id: GatewayId(gateway_id.to_owned()), amount: cents(amount) }
}

/// Request body that orders two mugs.
fn two_mugs() -> Value {
    json!({ "items": [{ "productId": PRODUCT, "quantity": 2 }], "paymentMethod": "pm_card_visa" })
}
